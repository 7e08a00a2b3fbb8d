import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

const LONGEST_LISTING = 20;
const DEEPEST_FOLDER = 4;
/** Of one depth: a message is not worth more. */
const MOST_FOLDERS = 500;

/** The names in a folder, bounded, for a message. */
export function listFolder(dir: string): string {
  try {
    const names = readdirSync(dir).sort();
    const shown = names.slice(0, LONGEST_LISTING).join(', ');
    if (names.length === 0) return 'nothing';
    return names.length > LONGEST_LISTING ? `${shown} and ${names.length - LONGEST_LISTING} more` : shown;
  } catch {
    return 'nothing';
  }
}

/** How a message calls a file: from the app's folder, where it lies in it. */
export function nameOf(path: string, appDir: string): string {
  const name = relative(appDir, path);
  return name.startsWith('..') ? path : name;
}

/** The server of a standalone build, deeper in a monorepo's such as `apps/web/server.js`, relative to the folder. */
export function findServer(appDir: string): string | undefined {
  const [dir] = findFolders(appDir, (names) => names.includes('server.js'));
  return dir === undefined ? undefined : relative(appDir, join(dir, 'server.js'));
}

/** The folders of an image in which something lies, the nearest first. Packages and hidden folders are left out. */
export function findFolders(
  appDir: string,
  holds: (names: readonly string[], dir: string) => boolean,
): string[] {
  const found: string[] = [];
  let level = [appDir];
  for (let depth = 0; depth <= DEEPEST_FOLDER; depth += 1) {
    const folders = level.slice(0, MOST_FOLDERS).map((dir) => ({ dir, entries: readFolder(dir) }));
    for (const { dir, entries } of folders)
      if (
        holds(
          entries.map(({ name }) => name),
          dir,
        )
      )
        found.push(dir);
    level = folders.flatMap(({ dir, entries }) =>
      entries
        .filter(
          (entry) => entry.isDirectory() && entry.name !== 'node_modules' && !entry.name.startsWith('.'),
        )
        .map(({ name }) => join(dir, name)),
    );
  }
  return found;
}

function readFolder(dir: string) {
  try {
    return readdirSync(dir, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return [];
  }
}
