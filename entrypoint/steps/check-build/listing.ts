import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

const LONGEST_LISTING = 20;
const DEEPEST_SERVER = 3;

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
export function findServer(appDir: string, folder = '', depth = 0): string | undefined {
  if (existsSync(join(appDir, folder, 'server.js'))) return join(folder, 'server.js');
  if (depth === DEEPEST_SERVER) return undefined;
  for (const entry of readFolder(join(appDir, folder))) {
    if (!entry.isDirectory() || entry.name === 'node_modules' || entry.name.startsWith('.')) continue;
    const found = findServer(appDir, join(folder, entry.name), depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

function readFolder(dir: string) {
  try {
    return readdirSync(dir, { withFileTypes: true });
  } catch {
    return [];
  }
}
