import { spawnSync } from 'node:child_process';
import { chmod, copyFile, cp, mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { isBuilt } from '../../scripts/build/inputs.mjs';
import { ROOT, STANDALONE } from '../../scripts/build/paths.mjs';

const BENCH = join(ROOT, 'bench');

/** Builds `dist/standalone` where it is not what a build would make now. */
export async function ensureBuilt() {
  if (await isBuilt()) return;
  console.log('Building: npm run build');
  const { status } = spawnSync(process.execPath, [join(ROOT, 'scripts/build.mjs')], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('The build failed.');
}

/**
 * Copies what an image copies, so that a build in the meantime changes nothing, with programs of our own beside it.
 * @param {string} folder
 */
export async function copyApp(folder) {
  await cp(STANDALONE, folder, { recursive: true, verbatimSymlinks: true });
  for (const name of ['announces-start.cjs', 'bare-supervisor.cjs']) {
    await copyFile(join(BENCH, 'programs', name), join(folder, name));
  }
  return folder;
}

/**
 * The image that `start.sh` needs: the same, with the whole of node_modules for the Prisma CLI.
 * @param {string} folder
 */
export async function copyOpponent(folder) {
  await mkdir(folder);
  for (const name of ['.next', 'public', 'server.js', 'package.json', 'prisma']) {
    await cp(join(STANDALONE, name), join(folder, name), { recursive: true, verbatimSymlinks: true });
  }
  await copyFile(join(ROOT, 'prisma.config.ts'), join(folder, 'prisma.config.ts'));
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const name of ['start.sh', 'programs/announces-start.cjs', 'programs/schema-engine.sh']) {
    await copyFile(join(BENCH, name), join(folder, name.replace('programs/', '')));
  }
  await chmod(join(folder, 'schema-engine.sh'), 0o755);
  return folder;
}

/** Whether Prisma's native engine was downloaded into node_modules. */
export async function hasNativeEngine() {
  const files = await readdir(join(ROOT, 'node_modules/@prisma/engines'));
  return files.some((name) => name.startsWith('schema-engine-'));
}
