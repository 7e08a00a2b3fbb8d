import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

/** Where the files of a standalone build lie. All paths in it are absolute. */
export interface Layout {
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

export function layoutOf(appDir: string, server: { serverPath: string; nextDir: string }): Layout {
  const { serverPath, nextDir } = server;
  const serverDir = dirname(serverPath);
  const above = ancestorsOf(serverDir);
  const withPackages = above.findLast((dir) => dir === appDir || existsSync(join(dir, 'node_modules')));
  const withBuild = above.find((dir) => isWithin(nextDir, dir));
  const root = [withPackages, withBuild, serverDir].find(
    (dir) => dir !== undefined && isWithin(nextDir, dir),
  );
  return { root: root ?? serverDir, serverPath, nextDir, publicDir: join(serverDir, 'public') };
}

/** Whether a file that no value is written into is copied: Node.js resolves what a script loads from its real path. */
export function isCopied(path: string, { serverPath, nextDir }: Layout): boolean {
  if (path === serverPath) return true;
  const apart = [...APART, 'static'].map((name) => join(nextDir, name));
  return (
    isWithin(path, nextDir) && !apart.some((dir) => isWithin(path, dir)) && !/\.node$|\.so[\d.]*$/.test(path)
  );
}

/** The files of the server, of the build and of `public`, in an order that is always the same. */
export function listBuildFiles({ root, serverPath, nextDir, publicDir }: Layout): BuildFile[] {
  return [...listFiles(serverPath), ...listFiles(nextDir, APART), ...listFiles(publicDir)].map(
    ({ path, bytes }) => ({ path: relative(root, path), bytes }),
  );
}

/** Whether a path is a folder's or lies in it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);
}

/** The folder and those above it but the topmost, the nearest first. */
function ancestorsOf(dir: string): string[] {
  const above = dirname(dir);
  return above === dir ? [] : [dir, ...ancestorsOf(above)];
}

function listFiles(path: string, without: ReadonlySet<string> = new Set()): BuildFile[] {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return [];
  if (!stats.isDirectory() && !(stats.isSymbolicLink() && isFolder(path)))
    return stats.isFile() ? [{ path, bytes: stats.size }] : [];
  return list(path, without);
}

function list(dir: string, without: ReadonlySet<string>): BuildFile[] {
  return readdirSync(dir, { withFileTypes: true })
    .filter(({ name }) => !without.has(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(dir, entry.name);
      if (entry.isDirectory()) return list(path, new Set());
      return entry.isFile() ? [{ path, bytes: lstatSync(path).size }] : [];
    });
}

function isFolder(path: string): boolean {
  try {
    return readdirSync(path) !== undefined;
  } catch {
    return false;
  }
}
