import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { NOTICES, productionPackages, writeNotices } from './notices.mjs';
import { DIST, ROOT, STANDALONE } from './paths.mjs';

/**
 * Puts together what the image copies: Next's standalone output, the two folders it leaves out, the schema with
 * its migrations, and the two bundles. The folder is replaced in one move: it is never seen half-made.
 */
export async function assembleStandalone() {
  const unfinished = `${STANDALONE}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(DIST, { recursive: true });
  await copyFolder(join(ROOT, '.next/standalone'), unfinished);
  await removeEnvironmentFiles(unfinished);
  await copyFolder(join(ROOT, '.next/static'), join(unfinished, '.next/static'));
  if (existsSync(join(ROOT, 'public'))) await copyFolder(join(ROOT, 'public'), join(unfinished, 'public'));
  await copyPrismaFolder(join(unfinished, 'prisma'));
  for (const file of ['entrypoint.js', 'seed.js']) await copyFile(join(DIST, file), join(unfinished, file));
  const settings = join(ROOT, 'zarpe.config.json');
  if (existsSync(settings)) await copyFile(settings, join(unfinished, 'zarpe.config.json'));
  await copyFile(join(ROOT, 'LICENSE'), join(unfinished, 'LICENSE'));
  await writeNotices(join(unfinished, NOTICES), await productionPackages(), [join(DIST, NOTICES)]);
  await rm(STANDALONE, { recursive: true, force: true });
  await rename(unfinished, STANDALONE);
  return 'dist/standalone';
}

/**
 * @param {string} from
 * @param {string} to
 */
async function copyFolder(from, to) {
  // Verbatim: Next links its packages relatively, and the folder moves into an image.
  await cp(from, to, { recursive: true, verbatimSymlinks: true });
}

/**
 * Next copies `.env` and `.env.production` beside server.js, secrets and all.
 * @param {string} folder
 */
async function removeEnvironmentFiles(folder) {
  const files = (await readdir(folder)).filter((name) => name.startsWith('.env'));
  for (const name of files) await rm(join(folder, name));
}

/**
 * The schema and the migrations, as the entrypoint finds them beside itself.
 * @param {string} to
 */
export async function copyPrismaFolder(to) {
  await rm(to, { recursive: true, force: true });
  await mkdir(to, { recursive: true });
  await copyFile(join(ROOT, 'prisma/schema.prisma'), join(to, 'schema.prisma'));
  await copyFolder(join(ROOT, 'prisma/migrations'), join(to, 'migrations'));
}
