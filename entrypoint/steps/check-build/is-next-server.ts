import { createHash } from 'node:crypto';

/** The one line of it that differs from build to build; JSON, so that it does nothing. */
const CONFIG = /^const nextConfig = (\{.*\})$/m;

/** What Next.js writes, without its configuration: 14 to 16 as CommonJS, 14 as an ES module, 15 and 16 as one. */
const WRITTEN_BY_NEXT = new Set(['7d53c331f4740454', 'a86ab7390ee42b7b', '4e303d921a6d921d']);

/**
 * Whether a server is what Next.js wrote, as a whole: it does nothing with the app before it listens. With anything
 * put before or behind it nobody knows.
 */
export function isNextServer(source: string): boolean {
  const config = CONFIG.exec(source)?.[1];
  if (config === undefined || !isJson(config)) return false;
  const frame = source.replace(CONFIG, 'const nextConfig = {}');
  return WRITTEN_BY_NEXT.has(createHash('sha256').update(frame).digest('hex').slice(0, 16));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
