/** The one line of it that differs from build to build; JSON, so that it does nothing. */
const CONFIG = /^const nextConfig = (\{.*\})$/m;

/** What Next.js writes, without its configuration: 14 to 16 as CommonJS, 14 as an ES module, 15 and 16 as one. */
const WRITTEN_BY_NEXT = new Set(['828-c35052f', '1037-8d13b1f0', '1052-3ea8bfc0']);

/**
 * Whether a server is what Next.js wrote, as a whole: it does nothing with the app before it listens. With anything
 * put before or behind it nobody knows.
 */
export function isNextServer(source: string): boolean {
  const config = CONFIG.exec(source)?.[1];
  if (config === undefined || !isJson(config)) return false;
  return WRITTEN_BY_NEXT.has(fingerprint(source.replace(CONFIG, 'const nextConfig = {}')));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * FNV-1a, and the length: it is to tell an edit, not an attack, and node:crypto takes 8 ms to load.
 */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return `${text.length}-${(hash >>> 0).toString(16)}`;
}
