import {
  accessSync,
  constants,
  copyFileSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { isCopied, isWithin, type Layout } from './layout.ts';
import { readOfBuild } from './readable.ts';

/** A compressed copy of a file would be served with what the file held before. */
const COMPRESSED = ['.gz', '.br', '.zst'];

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
  const written = new Set([...texts.keys()].map((path) => join(root, path)));
  const stale = new Set([...written].flatMap((path) => COMPRESSED.map((extension) => path + extension)));
  const changesBuild = [...written].some((path) => isWithin(path, nextDir));
  const parts = [...written, serverPath, ...(changesBuild ? [nextDir] : [])];
  /** The folders in which something differs. */
  const folders = new Set(parts.flatMap((path) => foldersBetween(root, path)));
  const isOwn = (path: string) =>
    folders.has(path) || (changesBuild && path !== nextDir && isCopied(path, layout));
  const visit = async (dir: string): Promise<void> => {
    await setImmediate();
    signal.throwIfAborted();
    const into = join(target, relative(root, dir));
    mkdirSync(into, { recursive: true });
    for (const entry of readOfBuild(() => readdirSync(dir, { withFileTypes: true }))) {
      const path = join(dir, entry.name);
      if (written.has(path) || stale.has(path) || path === without) continue;
      if (path === join(nextDir, 'cache') && !isWritable(path)) continue;
      const isLeft = !(folders.has(path) || isOwn(path) || path === serverPath);
      if (isLeft || (entry.isSymbolicLink() && !isFolder(path))) symlinkSync(path, join(into, entry.name));
      else if (isFolder(path)) await visit(path);
      else copyFileSync(path, join(into, entry.name), constants.COPYFILE_FICLONE);
    }
  };
  await visit(root);
  for (const [path, text] of texts) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    writeFileSync(join(target, path), text);
  }
}

/** The folders from the root, which is one of them, to a file or a folder, which is not. */
function foldersBetween(root: string, path: string): string[] {
  const dir = dirname(path);
  return isWithin(dir, root) ? [dir, ...(dir === root ? [] : foldersBetween(root, dir))] : [];
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
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
