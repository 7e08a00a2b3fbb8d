import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from './paths.mjs';

/**
 * @param {string} path of a file or a folder, from the repository's folder
 * @returns {Promise<string>} such as ` 19.40 MB`
 */
export async function describeSize(path) {
  const bytes = await measure(join(ROOT, path));
  return `${(bytes / 1e6).toFixed(2).padStart(6)} MB`;
}

/**
 * @param {string} path
 * @returns {Promise<number>}
 */
async function measure(path) {
  const stat = await lstat(path);
  if (!stat.isDirectory()) return stat.size;
  const sizes = await Promise.all((await readdir(path)).map((name) => measure(join(path, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}
