import type { BrowserEnvConfig } from './settings.ts';

const NOT_IN_SCRIPT = /[<>\u2028\u2029]/g;

/** The script that gives the browser its values, as next-runtime-env reads them. */
export function writeBrowserEnv(
  { names, prefixes }: BrowserEnvConfig,
  values: Readonly<Record<string, string>>,
): string {
  const chosen = Object.entries(values)
    .filter(([name]) => names.includes(name) || prefixes.some((prefix) => name.startsWith(prefix)))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const json = JSON.stringify(Object.fromEntries(chosen));
  // Also where a page puts the script into itself.
  return `window['__ENV'] = ${json.replace(NOT_IN_SCRIPT, toEscape)};\n`;
}

function toEscape(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
