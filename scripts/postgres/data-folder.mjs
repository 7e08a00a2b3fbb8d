import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { access, chown, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { canReach } from './account.mjs';
import { SERVER_ENVIRONMENT } from './environment.mjs';

/** @typedef {import('./account.mjs').Account} Account */

// Neither depends on the locales the machine happens to have; ours is the one the official image is moving to.
const LOCALE = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];

/**
 * Makes `dataDir` an initialised cluster, unless it is one.
 * @param {string} dataDir absolute
 * @param {{ user: string, password: string, account: Account, initdb: string, initdbArgs?: string[] | undefined }} options
 */
export async function ensureCluster(dataDir, { user, password, account, initdb, initdbArgs = LOCALE }) {
  if (await isCluster(dataDir)) return;
  const parent = dirname(dataDir);
  await mkdir(parent, { recursive: true });
  if (!canReach(parent, account)) {
    throw new Error(`${parent} cannot be entered by the account PostgreSQL runs under (uid ${account.uid}).`);
  }
  // initdb works beside the final place: one that is interrupted leaves nothing that looks like a database.
  const unfinished = `${dataDir}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await createOwned(unfinished, account);
  const secrets = await mkdtemp(join(tmpdir(), 'zarpe-'));
  try {
    const passwordFile = join(secrets, 'password');
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
    await give(account, passwordFile, secrets);
    await runInitdb(initdb, account, [
      `--pgdata=${unfinished}`,
      `--username=${user}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      ...initdbArgs,
    ]);
    await rename(unfinished, dataDir);
  } finally {
    await rm(secrets, { recursive: true, force: true });
  }
}

/**
 * The process that the cluster's pid file names, if it lives and really is this cluster's server. A pid file
 * whose number has since gone to another process is removed: PostgreSQL would believe it for ever.
 * @param {string} dataDir
 * @returns {Promise<number | undefined>}
 */
export async function findRunningServer(dataDir) {
  const pidFile = join(dataDir, 'postmaster.pid');
  const lines = (await readFile(pidFile, 'utf8').catch(() => '')).split('\n');
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid < 1 || !existsSync('/proc/self/cmdline')) return undefined;
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  if (command.includes(dataDir)) return pid;
  await rm(pidFile, { force: true });
  return undefined;
}

/** @param {string} dataDir */
async function isCluster(dataDir) {
  try {
    await access(join(dataDir, 'PG_VERSION'));
    return true;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return false;
    throw new Error(`${dataDir} belongs to another user: start it as that user, or remove it.`, { cause });
  }
}

/**
 * @param {string} folder
 * @param {Account} account
 */
async function createOwned(folder, account) {
  await mkdir(folder, { mode: 0o700 });
  await give(account, folder);
}

/**
 * @param {Account} account
 * @param {string[]} paths
 */
async function give({ uid, gid }, ...paths) {
  if (uid === undefined || gid === undefined) return;
  for (const path of paths) await chown(path, uid, gid);
}

/**
 * @param {string} initdb
 * @param {Account} account
 * @param {string[]} args
 */
async function runInitdb(initdb, account, args) {
  const child = spawn(initdb, args, {
    ...account,
    cwd: '/',
    env: SERVER_ENVIRONMENT,
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors += text;
  });
  const status = await new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code, signal) => resolve(code ?? signal));
  });
  if (status !== 0) throw new Error(`initdb ended with ${status}: ${errors.trim()}`);
}
