import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { startPostgres } from '../embedded-postgres.mjs';
import { canReach, findDatabaseAccount } from '../postgres/account.mjs';
import { sharedFolder } from '../postgres/shared-folder.mjs';
import { ensurePortIsFree } from './announce.mjs';

const OWN_DATABASE = ['DATABASE_URL', 'DATABASE_URL_FILE', 'DATABASE_HOST', 'DATABASE_HOST_FILE'];

/**
 * @typedef {object} Database
 * @property {Record<string, string>} env what tells the entrypoint of it
 * @property {string} [dataDir] of the embedded server; absent where the environment names another
 * @property {string} [version]
 * @property {() => Promise<void>} close
 */

/**
 * Starts the embedded PostgreSQL, unless the environment names a database.
 * @param {string} preferredFolder for the data, the password and the log
 * @param {() => void} onLost called where the server ends before it is closed
 * @returns {Promise<Database>}
 */
export async function openDatabase(preferredFolder, onLost) {
  if (OWN_DATABASE.some((name) => process.env[name])) return { env: {}, close: async () => {} };
  const folder = await chooseFolder(preferredFolder);
  const password = await remember(join(folder, 'password'), () => randomBytes(24).toString('base64url'));
  const log = createWriteStream(join(folder, 'postgres.log'), { mode: 0o600 });
  const port = await rememberedPort(folder);
  const server = await startPostgres({
    dataDir: join(folder, 'postgres'),
    user: 'zarpe',
    password,
    ...(port !== undefined && { port }),
    // Ours is the only start there is (see lock.mjs): what runs was left by one that was killed.
    takeOver: true,
    onLog: (line) => log.write(`${line}\n`),
  });
  await writeFile(join(folder, 'port'), String(server.port));
  let closing = false;
  void server.exited.then(() => {
    log.end();
    if (closing) return;
    console.error(`PostgreSQL has ended by itself; its log is ${join(folder, 'postgres.log')}`);
    onLost();
  });
  return {
    // A database of its own, which the entrypoint creates. An empty variable is an unset one.
    env: { DATABASE_URL: server.url.replace(/[^/]*$/, 'zarpe'), DIRECT_URL: '' },
    dataDir: server.dataDir,
    version: server.version,
    close: () => {
      closing = true;
      return server.stop();
    },
  };
}

/**
 * The repository's own folder, or one under /var/lib/zarpe where the account PostgreSQL runs under cannot get to it.
 * @param {string} preferred
 */
async function chooseFolder(preferred) {
  await mkdir(preferred, { recursive: true });
  return canReach(preferred, findDatabaseAccount()) ? preferred : await sharedFolder(preferred);
}

/** @param {string} folder */
async function rememberedPort(folder) {
  const port = Number(await readFile(join(folder, 'port'), 'utf8').catch(() => ''));
  if (!port) return undefined;
  return ensurePortIsFree(port).then(
    () => port,
    () => undefined,
  );
}

/**
 * @param {string} file readable by us alone
 * @param {() => string} make its content, the first time
 */
async function remember(file, make) {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    const content = make();
    await writeFile(file, content, { mode: 0o600 });
    return content;
  }
}
