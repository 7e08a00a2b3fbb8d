import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { BootError } from '../../core/errors.ts';
import { messageOf } from '../../lib/describe-error.ts';

/**
 * Runs `work` with a folder for what it writes beside the compile cache, and removes that: in a layer of the image it
 * would belong to the user of the build.
 */
export async function withScratchFolder<Result>(
  cache: string,
  work: (folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = makeFolder(cache);
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function makeFolder(cache: string): string {
  try {
    mkdirSync(cache, { recursive: true });
    return mkdtempSync(join(resolve(cache), '.warm-'));
  } catch (error) {
    throw new BootError(
      'CONFIG_INVALID',
      [
        {
          what: 'NODE_COMPILE_CACHE',
          expected: 'a folder that this user can write to',
          got: `${cache} (${messageOf(error)})`,
          hint: 'Run warm-cache as a user that may write there, or name another folder.',
        },
      ],
      error,
    );
  }
}
