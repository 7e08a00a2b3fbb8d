// Whether dist/standalone is what a build would make now, told by the contents of all it is made from.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { DIST, ROOT, STANDALONE } from './paths.mjs';

const STAMP = join(DIST, 'standalone.sha256');

const INPUTS = [
  ...['app', 'entrypoint', 'prisma', 'public', 'scripts/build'],
  ...[
    'LICENSE',
    'esbuild.config.mjs',
    'next.config.ts',
    'package-lock.json',
    'package.json',
    'prisma.config.ts',
  ],
  ...['proxy.ts', 'scripts/build.mjs', 'tsconfig.json'],
  // What Next reads while it builds.
  ...['.env', '.env.local', '.env.production', '.env.production.local'],
];

const OUTPUTS = ['generated'];

/** Follows the hash in the stamp of a quick build. */
const QUICK = ' quick';

/** @param {{ quick?: boolean }} [options] `quick`: a quick build is enough */
export async function isBuilt({ quick = false } = {}) {
  if (!existsSync(STANDALONE)) return false;
  const stamp = await readFile(STAMP, 'utf8').catch(() => '');
  const hash = await hashInputs();
  return stamp === hash || (quick && stamp === hash + QUICK);
}

/**
 * Takes the stamp away while a build runs, so that one cut short is done again.
 * @param {{ quick: boolean }} options
 * @returns {Promise<() => Promise<void>>} sets the stamp of what was there when the build began
 */
export async function beginStamp({ quick }) {
  await rm(STAMP, { force: true });
  const stamp = (await hashInputs()) + (quick ? QUICK : '');
  return async () => {
    await mkdir(DIST, { recursive: true });
    await writeFile(STAMP, stamp);
  };
}

async function hashInputs() {
  // The variables that Next writes into the pages count as well.
  const variables = Object.entries(process.env).filter(([name]) => name.startsWith('NEXT_PUBLIC_'));
  const hash = createHash('sha256').update(JSON.stringify(variables.sort()));
  for (const input of INPUTS) {
    for (const file of await listFiles(input)) {
      hash
        .update(`\0${file}\0`)
        .update(await readFile(join(ROOT, file)))
        .update('\0');
    }
  }
  return hash.digest('hex');
}

/**
 * @param {string} path
 * @returns {Promise<string[]>}
 */
async function listFiles(path) {
  const found = await stat(join(ROOT, path)).catch(() => undefined);
  if (!found) return [];
  if (!found.isDirectory()) return [path];
  const names = (await readdir(join(ROOT, path))).filter((name) => !OUTPUTS.includes(name)).sort();
  return (await Promise.all(names.map((name) => listFiles(`${path}/${name}`)))).flat();
}
