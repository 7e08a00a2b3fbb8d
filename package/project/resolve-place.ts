import { lstatSync, realpathSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { codeOf } from '../../entrypoint/lib/describe-error.ts';
import { ProgramError } from '../failure.ts';

/** Where a path of a project is when its symbolic links are followed, from the root. None may lead out of the project. */
export function resolvePlace(root: string, path: string): string {
  const place = follow(join(root, path));
  const inside = relative(realpathSync(root), place);
  if (!/^\.\.(?:\/|$)/.test(inside)) return inside;
  throw new ProgramError(
    `${path} leads out of the project: a symbolic link makes it ${place}`,
    'Replace the link with a file or folder of the project.',
  );
}

/** Of what does not exist, the place that it would have. */
function follow(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOTDIR' || (code === 'ENOENT' && lstatSync(path, { throwIfNoEntry: false }) === undefined))
      return join(follow(dirname(path)), basename(path));
    throw new ProgramError(
      `${path} cannot be read (${code})`,
      'Make it a readable file, or remove it.',
      error,
    );
  }
}
