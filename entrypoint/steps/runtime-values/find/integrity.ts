import { join, relative } from 'node:path';
import { readTextFile } from '../../../lib/regular-file.ts';

const LARGEST_BYTES = 64 * 1024 * 1024;

/** The files, of those given, that a browser runs only if they have the hash that the build knows: `experimental.sri`. */
export function findHashed(nextDir: string, paths: readonly string[]): string[] {
  const text = readTextFile(join(nextDir, 'server/subresource-integrity-manifest.json'), LARGEST_BYTES);
  if (text === undefined) return [];
  return paths.filter((path) => text.includes(JSON.stringify(relative(nextDir, path))));
}
