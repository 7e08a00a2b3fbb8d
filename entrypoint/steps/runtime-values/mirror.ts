import { accessSync, constants, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { chmod, copyFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { isFolder } from '../../lib/find-program.ts';
import { isRewritten } from './inventory.ts';
import { isCopied, type Layout } from './layout.ts';
import { ancestorsOf, below, child, isWithin } from './paths.ts';
import { readOfBuild } from './readable.ts';

/** A compressed copy of a file would be served with what the file held before. */
const COMPRESSED = ['.gz', '.br', '.zst'];
const FILES_AT_A_TIME = 50;

/**
 * Writes a folder that looks like the root of the build, with other texts in some of its files. What neither changes nor
 * is code of the build is a symbolic link.
 */
export async function mirror(
  layout: Layout,
  texts: ReadonlyMap<string, string>,
  target: string,
  { without, signal }: { readonly without: string; readonly signal: AbortSignal },
): Promise<void> {
  const { root, serverPath, nextDir } = layout;
  const cache = join(nextDir, 'cache');
  const written = new Set([...texts.keys()].map((path) => join(root, path)));
  const stale = new Set([...written].flatMap((path) => COMPRESSED.map((extension) => path + extension)));
  const changesBuild = [...written].some((path) => isWithin(path, nextDir));
  const parts = [...written, serverPath, ...(changesBuild ? [nextDir] : [])];
  /** The folders in which something differs. */
  const folders = new Set(
    parts.flatMap((path) => ancestorsOf(dirname(path)).filter((dir) => isWithin(dir, root))),
  );
  const isOwn = (path: string) =>
    folders.has(path) || path === serverPath || (changesBuild && path !== nextDir && isCopied(path, layout));
  const copies: Copy[] = [];
  const visit = async (dir: string): Promise<void> => {
    await setImmediate();
    signal.throwIfAborted();
    const into = join(target, below(root, dir));
    mkdirSync(into, { recursive: true });
    for (const entry of readOfBuild(() => readdirSync(dir, { withFileTypes: true }))) {
      const path = child(dir, entry.name);
      if (written.has(path) || stale.has(path) || path === without) continue;
      if (path === cache && !isWritable(path)) continue;
      const to = child(into, entry.name);
      const isDir = entry.isDirectory() || (entry.isSymbolicLink() && isFolder(path));
      if (!isOwn(path) || (entry.isSymbolicLink() && !isDir)) symlinkSync(path, to);
      else if (isDir) await visit(path);
      else copies.push({ from: path, to });
    }
  };
  await visit(root);
  await copyAll(copies, signal);
  for (const [path, text] of texts) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    writeFileSync(join(target, path), text);
  }
}

interface Copy {
  readonly from: string;
  readonly to: string;
}

async function copyAll(copies: readonly Copy[], signal: AbortSignal): Promise<void> {
  for (let at = 0; at < copies.length; at += FILES_AT_A_TIME) {
    signal.throwIfAborted();
    const some = copies.slice(at, at + FILES_AT_A_TIME);
    // To the end of each: whoever removes the folder after a failure must not race with the others.
    const results = await Promise.allSettled(some.map(copy));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}

async function copy({ from, to }: Copy): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  // The image may have it read-only.
  if (isRewritten(to)) await chmod(to, 0o644);
}

/** A cache that Next.js cannot write is of no use: it makes another beside the pages. */
function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
