import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { DIST, ROOT } from './paths.mjs';
import { bundleSeedFile } from './seed-bundle.mjs';

/**
 * Bundles the seed of the app, without Prisma's query compiler: 2.3 MB that are in the app's node_modules anyway.
 * @param {string} [outfile]
 */
export async function bundleSeed(outfile = join(DIST, 'seed.js')) {
  const external = ['@prisma/client/runtime/*.wasm-base64.mjs'];
  const seed = { entry: join(ROOT, 'prisma/seed.ts'), outfile, root: ROOT, external };
  const { path, contents } = await bundleSeedFile(seed, build);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, contents);
  return 'dist/seed.js';
}
