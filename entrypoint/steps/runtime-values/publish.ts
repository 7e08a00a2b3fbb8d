import { accessSync, constants, existsSync, lstatSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BootError } from '../../core/errors.ts';
import { faultPoint } from '../../core/fault-point.ts';
import { toBootError } from '../../core/to-boot-error.ts';
import { codeOf, messageOf } from '../../lib/describe-error.ts';
import { isWhole, writeInventory } from './inventory.ts';
import { keepMarked, markUse, type Use } from './marks.ts';
import { checkOwner } from './owners.ts';
import { removeUnless, removeUnused, temporaryName } from './used-folders.ts';

/**
 * The folder of a build with values in `writeTo`. If no earlier start has made it, `write` fills a folder beside it, which
 * then gets its name: so it is complete whenever it is there, whoever is killed or starts at the same time.
 * @returns whether this start wrote it
 */
export async function publish(
  writeTo: string,
  { digest, ...use }: { readonly digest: string } & Use,
  write: (dir: string) => Promise<void>,
): Promise<{ readonly dir: string; readonly isNew: boolean }> {
  const folder = join(writeTo, digest);
  try {
    // Of a file system that is read only, mkdir says that a folder is missing.
    checkWritable(writeTo);
    mkdirSync(writeTo, { recursive: true, mode: 0o755 });
    checkOwner(writeTo);
    const place = { writeTo, folder, use };
    const isNew = !reuse(place) && (await writeFolder(place, write));
    keepMarked(folder, use);
    removeUnused(writeTo, digest);
    return { dir: join(folder, 'app'), isNew };
  } catch (error) {
    throw explainUnwritable(error, writeTo);
  }
}

/** What `publish` would throw; found without writing anything. */
export function findWriteProblem(writeTo: string): BootError | undefined {
  try {
    checkWritable(writeTo);
    if (existsSync(writeTo)) checkOwner(writeTo);
    return undefined;
  } catch (error) {
    return toBootError(explainUnwritable(error, writeTo));
  }
}

function checkWritable(path: string): void {
  accessSync(nearestFolder(path), constants.W_OK | constants.X_OK);
}

/** The folder, or the one that it would be made in. */
function nearestFolder(path: string): string {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined || dirname(path) === path)
    return join(path, '.');
  return nearestFolder(dirname(path));
}

interface Place {
  readonly writeTo: string;
  readonly folder: string;
  readonly use: Use;
}

async function writeFolder(place: Place, write: (dir: string) => Promise<void>): Promise<boolean> {
  const { writeTo, folder, use } = place;
  const unfinished = join(writeTo, temporaryName('new'));
  try {
    faultPoint('values:write');
    // What is in it may have any mode.
    mkdirSync(unfinished, { mode: 0o700 });
    await write(join(unfinished, 'app'));
    writeInventory(unfinished);
    markUse(unfinished, use);
    faultPoint('values:written');
    renameSync(unfinished, folder);
    faultPoint('values:renamed');
    return true;
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    // Another replica was faster.
    if (EXISTS.has(codeOf(error)) && reuse(place)) return false;
    throw error;
  }
}

const EXISTS = new Set(['EEXIST', 'ENOTEMPTY']);

/** Takes the folder into use; false if there is none, or one that is not whole, which is removed. */
function reuse({ writeTo, folder, use }: Place): boolean {
  if (!existsSync(folder)) return false;
  try {
    // Nobody else may have put a build there for us to serve.
    checkOwner(folder);
    if (isWhole(folder)) return markUse(folder, use);
    removeUnless(isWhole, writeTo, folder);
  } catch (error) {
    // Another replica was faster here too.
    if (codeOf(error) !== 'ENOENT' && !EXISTS.has(codeOf(error))) throw error;
  }
  return false;
}

const UNWRITABLE = new Set([
  'EROFS',
  'EACCES',
  'EPERM',
  'ENOSPC',
  'EDQUOT',
  'ENOTDIR',
  'EEXIST',
  'ENOENT',
  'ENAMETOOLONG',
]);

function explainUnwritable(error: unknown, writeTo: string): unknown {
  const code = codeOf(error);
  if (!UNWRITABLE.has(code)) return error;
  const user = process.getuid === undefined ? 'this user' : `uid ${process.getuid()}`;
  const problem = {
    message: `Could not write the build with its values to ${writeTo}: ${messageOf(error)}`,
    hint:
      code === 'ENOSPC' || code === 'EDQUOT'
        ? 'Mount a larger volume or tmpfs there: it holds a copy of the build without its packages.'
        : `Mount a volume or a tmpfs there that ${user} can write to (docker run --tmpfs ${writeTo}:mode=1777), or set \`runtimeValues.writeTo\` to a folder that is writable.`,
  };
  return new BootError('RUNTIME_VALUES_UNWRITABLE', problem, error);
}
