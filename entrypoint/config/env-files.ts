import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { readRegularFile } from '../lib/regular-file.ts';
import { isVariableName } from './values.ts';

/** The files that Next.js reads beside a server in production, and copies there from the project. */
const ENV_FILES = ['.env.production.local', '.env.local', '.env.production', '.env'];
/** What is printed as a name; a line of a secret that was not quoted can look like `NAME=` too. */
const NAME = /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/;
const MOST_NAMES = 12;
const LARGEST_BYTES = 1024 * 1024;

/** What lies beside the server in files that Next.js reads and Zarpe does not: names, never values. */
export function describeEnvFiles(serverDir: string): string | undefined {
  const files = ENV_FILES.flatMap((file) => {
    const names = readNames(join(serverDir, file));
    return names === undefined ? [] : [`${join(serverDir, file)} (it sets ${list(names)})`];
  });
  if (files.length === 0) return undefined;
  return `Only the environment of the process counts here, not ${files.join(' or ')}: Next.js reads that, Zarpe does not. Pass it with \`docker run --env-file\`, or with \`env_file:\` in Compose.`;
}

function readNames(path: string): string[] | undefined {
  try {
    return Object.keys(parseEnv(readRegularFile(path, LARGEST_BYTES).toString()));
  } catch {
    // None there, or none that can be read.
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
