import { lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { child } from './paths.ts';

const FILE = 'files.json';
const PARTS = `app,${FILE},users`;
const REWRITTEN = /\.(?:html|rsc|body|meta|json)$/;

/** Whether the server that serves a file may write it anew, as Next.js does with its pages. */
export function isRewritten(path: string): boolean {
  return REWRITTEN.test(path);
}

/** Notes what is in the app of a folder, with the sizes. */
export function writeInventory(folder: string): void {
  const files = listWithin(join(folder, 'app'), '').map((path) => [path, sizeOf(folder, path)]);
  writeFileSync(join(folder, FILE), JSON.stringify(files));
}

/** Whether a folder holds what a start writes, and nothing of anybody else. */
export function isBuild(folder: string): boolean {
  return readdirSync(folder).sort().join() === PARTS;
}

/** Whether all of it is still there: a power cut, or what cleans up in /tmp, may have left a part. */
export function isWhole(folder: string): boolean {
  try {
    const files = z
      .array(z.tuple([z.string(), z.number()]))
      .parse(JSON.parse(readFileSync(join(folder, FILE), 'utf8')));
    return files.every(([path, bytes]) => {
      const size = sizeOf(folder, path);
      return size === bytes || (isRewritten(path) && size > 0);
    });
  } catch {
    return false;
  }
}

function listWithin(root: string, dir: string): string[] {
  return readdirSync(join(root, dir), { withFileTypes: true }).flatMap((entry) => {
    const path = dir === '' ? entry.name : child(dir, entry.name);
    return entry.isDirectory() ? listWithin(root, path) : [path];
  });
}

function sizeOf(folder: string, path: string): number {
  return lstatSync(child(folder, child('app', path))).size;
}
