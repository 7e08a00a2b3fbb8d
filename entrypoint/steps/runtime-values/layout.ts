import { accessSync, constants, existsSync, lstatSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { isFolder } from '../../lib/find-program.ts';
import { ancestorsOf, below, child, isWithin } from './paths.ts';
import { readOfBuild } from './readable.ts';

/** Where the files of a standalone build lie. All paths in it are absolute. */
export interface Layout {
  readonly appDir: string;
  /** The folder that a copy of the build has to look like, with the packages that the server loads. */
  readonly root: string;
  readonly serverPath: string;
  readonly nextDir: string;
  readonly publicDir: string;
}

/** A file that may hold placeholders. */
export interface BuildFile {
  /** From the root. */
  readonly path: string;
  readonly bytes: number;
}

/** Folders of the build that hold neither code nor pages of it. */
const APART = new Set(['cache', 'node_modules']);
const NATIVE = /\.node$|\.so[\d.]*$/;

export function layoutOf(appDir: string, server: { serverPath: string; nextDir: string }): Layout {
  const { serverPath, nextDir } = server;
  const serverDir = dirname(serverPath);
  const above = ancestorsOf(serverDir);
  const withPackages = above.findLast((dir) => dir === appDir || existsSync(join(dir, 'node_modules')));
  const withBuild = above.find((dir) => isWithin(nextDir, dir));
  const root = [withPackages, withBuild, serverDir].find(
    (dir) => dir !== undefined && isWithin(nextDir, dir),
  );
  return { appDir, root: root ?? serverDir, serverPath, nextDir, publicDir: join(serverDir, 'public') };
}

/** Whether a file that no value is written into is copied: Node.js resolves what a script loads from its real path. */
export function isCopied(path: string, { serverPath, nextDir }: Layout): boolean {
  if (path === serverPath) return true;
  if (!isWithin(path, nextDir)) return false;
  const [top = ''] = below(nextDir, path).split(sep, 1);
  return top !== 'static' && !APART.has(top) && !NATIVE.test(path);
}

/**
 * The files of the server, of the build and of `public`, in an order that is always the same; also those that links lead to,
 * but for packages and what lies outside of the root. Throws `BUILD_INCOMPLETE` if
 * one that will be copied cannot be read.
 */
export function listBuildFiles(layout: Layout): BuildFile[] {
  const { root, serverPath, nextDir, publicDir } = layout;
  return readOfBuild(() =>
    [...listFiles(serverPath, root), ...listFiles(nextDir, root, APART), ...listFiles(publicDir, root)].map(
      ({ path, bytes, isForAll }) => {
        if (!isForAll && isCopied(path, layout)) accessSync(path, constants.R_OK);
        return { path: below(root, path), bytes };
      },
    ),
  );
}

/** A file by its whole path, and whether its mode lets everybody read it. */
interface ListedFile extends BuildFile {
  readonly isForAll: boolean;
}

const NONE: ReadonlySet<string> = new Set();

function listFiles(path: string, root: string, without = NONE): ListedFile[] {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return [];
  if (isFolder(path)) return list(path, { root: realpathSync(root), without, followed: [] });
  return stats.isFile() ? [toListed(path)] : [];
}

interface Walk {
  readonly root: string;
  /** Names of entries. */
  readonly without: ReadonlySet<string>;
  /** The folders that links on the way have led to. */
  readonly followed: readonly string[];
}

function list(dir: string, { root, without, followed }: Walk): ListedFile[] {
  return readdirSync(dir, { withFileTypes: true })
    .filter(({ name }) => !without.has(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = child(dir, entry.name);
      const target = entry.isSymbolicLink() ? follow(path, root) : undefined;
      if (target !== undefined && leadsBack(target, [realpathSync(dir), ...followed])) return [];
      if (entry.isDirectory() || (target && isFolder(target)))
        return list(path, { root, without: NONE, followed: target ? [...followed, target] : followed });
      return entry.isFile() || target ? [toListed(path)] : [];
    });
}

/** What a link leads to; undefined if it is none of the build's own files. */
function follow(link: string, root: string): string | undefined {
  try {
    const target = realpathSync(link);
    const isOwn = isWithin(target, root) && !below(root, target).split(sep).includes('node_modules');
    return isOwn && (statSync(target).isFile() || isFolder(target)) ? target : undefined;
  } catch {
    // It leads nowhere.
    return undefined;
  }
}

/** Whether a folder is one of those that the way has led through, or holds one. */
function leadsBack(target: string, dirs: readonly string[]): boolean {
  return dirs.some((dir) => isWithin(dir, target));
}

function toListed(path: string): ListedFile {
  const { size, mode } = statSync(path);
  return { path, bytes: size, isForAll: (mode & constants.S_IROTH) !== 0 };
}
