// Prisma's schema engine as the bundle carries it: compressed with brotli.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import { ROOT } from './paths.mjs';

const compress = promisify(brotliCompress);
const require = createRequire(import.meta.url);

/** Survives `npm ci` and `next build`, and a build of the image keeps it for the next one. */
const CACHE = '.next/cache/zarpe';

/**
 * 11 takes 12 seconds, once a version, and is what we hand on. 9 takes one, for a bundle that is a quarter of a
 * megabyte larger: it is for a first `npm start`.
 */
const QUALITY = { best: 11, quick: 9 };

/**
 * Compresses the engine unless that has been done: quickly where asked to and where the best is not there.
 * @param {{ quick?: boolean }} [options]
 * @returns {Promise<string>} the file, from the repository's folder
 */
export async function compressEngine({ quick = false } = {}) {
  const folder = dirname(require.resolve('@prisma/schema-engine-wasm/schema_engine_bg'));
  const bytes = await readFile(join(folder, 'schema_engine_bg.wasm'));
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  const fileOf = (/** @type {number} */ quality) => join(CACHE, `engine-${hash}.q${quality}.br`);
  if (existsSync(join(ROOT, fileOf(QUALITY.best)))) return fileOf(QUALITY.best);
  const quality = quick ? QUALITY.quick : QUALITY.best;
  const file = fileOf(quality);
  if (existsSync(join(ROOT, file))) return file;
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: quality,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    [constants.BROTLI_PARAM_LGWIN]: 24,
  };
  await mkdir(join(ROOT, CACHE), { recursive: true });
  const partial = join(ROOT, `${file}.${process.pid}`);
  await writeFile(partial, await compress(bytes, { params }));
  await rename(partial, join(ROOT, file));
  return file;
}
