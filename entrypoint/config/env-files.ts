import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { readRegularFile } from '../lib/regular-file.ts';
import { isVariableName } from './values.ts';

/** The files that Next.js copies from the project to the standalone build, and reads there in production. */
const ENV_FILES = ['.env.production.local', '.env.local', '.env.production', '.env'];
/** Only such names are printed: a line of an unquoted secret can look like `NAME=` too. */
const NAME = /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/;
const MOST_NAMES = 12;
const LARGEST_BYTES = 1024 * 1024;

/** The `.env` files beside the server, which Next.js reads and Zarpe does not: names, never values. */
export function describeEnvFiles(serverDir: string): string | undefined {
  const files = ENV_FILES.flatMap((file) => {
    const names = readNames(join(serverDir, file));
    return names === undefined ? [] : [`${join(serverDir, file)} (it sets ${list(names)})`];
  });
  if (files.length === 0) return undefined;
  return `Zarpe reads only environment variables, not ${files.join(' or ')}. Pass the file with \`docker run --env-file\`, or with \`env_file:\` in Compose.`;
}

function readNames(path: string): string[] | undefined {
  try {
    return Object.keys(parseEnv(readRegularFile(path, LARGEST_BYTES).toString()));
  } catch {
    // The file does not exist or cannot be read.
    return undefined;
  }
}

function list(names: readonly string[]): string {
  const printable = names.filter((name) => isVariableName(name) || NAME.test(name));
  const shown = printable.slice(0, MOST_NAMES);
  const others = names.length - shown.length;
  const parts = [...shown, ...(others > 0 ? [`${others} ${shown.length > 0 ? 'more' : 'variables'}`] : [])];
  return parts.length === 0 ? 'nothing' : parts.join(', ');
}
