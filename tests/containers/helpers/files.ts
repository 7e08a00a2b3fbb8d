/** Looks through an image's files with the one program that every image of ours has, Node.js. */
import { docker } from './docker.ts';

const WALK = `
  const fs = require('node:fs');
  const skipped = new Set(['/proc', '/sys', '/dev']);
  const found = [];
  const walk = (folder) => {
    let entries = [];
    try { entries = fs.readdirSync(folder, { withFileTypes: true }); } catch { return; }
    for (const entry of entries) {
      const path = folder === '/' ? '/' + entry.name : folder + '/' + entry.name;
      if (skipped.has(path)) continue;
      found.push({ path, folder: entry.isDirectory(), size: entry.isFile() ? fs.lstatSync(path).size : 0, setsId: entry.isFile() && (fs.lstatSync(path).mode & 0o6000) !== 0, writable: isWritable(path, entry) });
      if (entry.isDirectory()) walk(path);
    }
  };
  const isWritable = (path, entry) => {
    if (entry.isSymbolicLink()) return false;
    try { fs.accessSync(path, fs.constants.W_OK); return true; } catch { return false; }
  };
  walk(process.argv[1]);
  fs.writeSync(1, JSON.stringify(found));
`;

export interface ImageFile {
  path: string;
  folder: boolean;
  /** Of a file, in bytes. */
  size: number;
  /** Runs as its owner or its group, whoever starts it. */
  setsId: boolean;
  /** By the user it runs as. */
  writable: boolean;
}

/** Everything below a folder that the image's user can see, links not followed. */
export async function listFiles(
  image: string,
  options: { below?: string; user?: string } = {},
): Promise<ImageFile[]> {
  const user = options.user === undefined ? [] : ['--user', options.user];
  const args = ['run', '--rm', '--entrypoint', '', ...user, image, await findNode(image), '-e', WALK];
  return JSON.parse(await docker([...args, options.below ?? '/']));
}

/** The text of one file of an image. */
export async function readImageFile(image: string, path: string): Promise<string> {
  const read = 'process.stdout.write(require("node:fs").readFileSync(process.argv[1]))';
  return docker(['run', '--rm', '--entrypoint', '', image, await findNode(image), '-e', read, path]);
}

/** Distroless images have it where no PATH leads. */
async function findNode(image: string): Promise<string> {
  const entrypoint: string[] | null = JSON.parse(
    await docker(['inspect', '--format', '{{json .Config.Entrypoint}}', image]),
  );
  return entrypoint?.find((word) => word.endsWith('/node')) ?? 'node';
}
