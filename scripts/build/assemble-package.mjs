import { chmod, cp, mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { bundledPackages, NOTICES, writeNotices } from './notices.mjs';
import { ROOT } from './paths.mjs';

const SCRIPTS = ['backup.sh', 'backup-common.sh', 'restore.sh', 'init-db.sql'];
/** With what the documents link to. */
const DOCUMENTS = ['README.md', 'README.es.md', 'CHANGELOG.md', 'SECURITY.md', 'docs', 'bench/start.sh'];

/**
 * Puts together what npm publishes: the entrypoint, the program `zarpe`, the scripts that `zarpe init` hands on,
 * and the documents that messages and the README name.
 * @param {string} folder is replaced
 * @param {string} entrypoint the bundle, with its notices beside it
 */
export async function assemblePackage(folder, entrypoint) {
  const { version } = JSON.parse(await readFile(join(ROOT, 'package/package.json'), 'utf8'));
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, 'docker'), { recursive: true });
  const program = join(folder, 'zarpe.mjs');
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['package/zarpe.ts'],
    outfile: program,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    minify: true,
    legalComments: 'none',
    charset: 'ascii',
    metafile: true,
    banner: { js: '#!/usr/bin/env node' },
    define: { ZARPE_VERSION: JSON.stringify(version) },
    logLevel: 'warning',
  });
  await chmod(program, 0o755);
  await writeNotices(join(folder, NOTICES), bundledPackages(metafile.inputs), [
    join(dirname(entrypoint), NOTICES),
  ]);
  await cp(entrypoint, join(folder, 'entrypoint.js'));
  for (const path of ['LICENSE', 'zarpe.config.schema.json', ...DOCUMENTS])
    await cp(join(ROOT, path), join(folder, path), { recursive: true });
  await cp(join(ROOT, 'package/package.json'), join(folder, 'package.json'));
  for (const file of SCRIPTS) await cp(join(ROOT, 'docker', file), join(folder, 'docker', file));
}
