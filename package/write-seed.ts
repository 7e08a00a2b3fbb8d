import { rm } from 'node:fs/promises';
import { relative } from 'node:path';
import { codeOf } from '../entrypoint/lib/describe-error.ts';
import { isSeedBundle, modulePath } from '../scripts/build/seed-bundle.mjs';
import { ProgramError } from './failure.ts';
import { readText } from './project/read.ts';
import { replaceFile } from './replace-file.ts';

/**
 * Writes the bundle of a seed over an earlier one, and over nothing else.
 * @param outfile the path that was asked for; an ES module is written beside it
 * @returns the path of an earlier bundle in the other format, which is removed: the image would have both
 */
export async function writeSeed(
  { path, contents }: { readonly path: string; readonly contents: Uint8Array },
  outfile: string,
): Promise<string | undefined> {
  const module = modulePath(outfile);
  const other = path === outfile ? module : outfile;
  if (kindOf(path) === 'foreign') throw notOurs(path, '');
  // The entrypoint takes seed.js before seed.mjs.
  if (path === module && kindOf(outfile) === 'foreign')
    throw notOurs(outfile, `, and would run in place of ${relative('.', path)}`);
  try {
    await replaceFile(path, contents);
    if (other === path || kindOf(other) !== 'bundle') return undefined;
    await rm(other);
    return other;
  } catch (error) {
    if (error instanceof ProgramError) throw error;
    throw new ProgramError(
      `${relative('.', path)} could not be written (${codeOf(error)})`,
      'Remove the cause, or name another place with --out.',
      error,
    );
  }
}

function kindOf(file: string): 'bundle' | 'foreign' | undefined {
  const text = readText(file);
  if (text === undefined) return undefined;
  return isSeedBundle(text) ? 'bundle' : 'foreign';
}

function notOurs(file: string, why: string): ProgramError {
  return new ProgramError(
    `${relative('.', file)} exists, and bundle-seed did not make it${why}`,
    'Name another place, for example --out .seed/seed.js, or remove the file.',
  );
}
