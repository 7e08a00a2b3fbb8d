import {
  accessSync,
  constants,
  copyFileSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { isFolder } from '../../lib/find-program.ts';
import { ancestorsOf, isCopied, isWithin, type Layout } from './layout.ts';
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
  const folders = new Set(
    parts.flatMap((path) => ancestorsOf(dirname(path)).filter((dir) => isWithin(dir, root))),
  );
  const isOwn = (path: string) =>
    folders.has(path) || path === serverPath || (changesBuild && path !== nextDir && isCopied(path, layout));
  const visit = async (dir: string): Promise<void> => {
    await setImmediate();
    signal.throwIfAborted();
    const into = join(target, relative(root, dir));
    mkdirSync(into, { recursive: true });
    for (const entry of readOfBuild(() => readdirSync(dir, { withFileTypes: true }))) {
      const path = join(dir, entry.name);
      if (written.has(path) || stale.has(path) || path === without) continue;
      if (path === join(nextDir, 'cache') && !isWritable(path)) continue;
      if (!isOwn(path) || (entry.isSymbolicLink() && !isFolder(path)))
        symlinkSync(path, join(into, entry.name));
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

/** A cache that Next.js cannot write is of no use: it makes another beside the pages. */
function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
