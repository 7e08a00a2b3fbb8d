/**
 * A real PgBouncer before a database: `startPgBouncer(database, options?) -> PgBouncer`, ended when the test ends.
 *
 *     describe.skipIf(!hasPgBouncer)(pgBouncerTitle, () => { ... });
 *     const pooler = await startPgBouncer(database, { poolMode: 'transaction', poolSize: 1 });
 *     pooler.through(database.url)          // the same URL by way of the pooler
 *
 * It is Debian's package, which `.ci/run` installs; where it is missing the tests are skipped and say so.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chownSync, constants } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { onCleanup } from './cleanup.ts';
import { freePort } from './ports.ts';
import type { PostgresAddress } from './postgres-server.ts';
import { createFolder, markedEnvironment } from './workspace.ts';

export interface PgBouncerOptions {
  poolMode?: 'transaction' | 'session' | 'statement';
  /** The databases that it knows; the default is each that the server has. */
  databases?: readonly string[];
  /** Server connections for each user and database; the default is 20. */
  poolSize?: number;
  /** More lines of pgbouncer.ini, such as `{ ignore_startup_parameters: 'extra_float_digits' }`. */
  settings?: Record<string, string>;
}

export interface PgBouncer {
  host: string;
  port: number;
  through(url: string): string;
  stop(): Promise<void>;
}

const NOBODY = 65_534;
const binary = findProgram('pgbouncer');

export const hasPgBouncer = binary !== undefined;
export const pgBouncerTitle = hasPgBouncer ? 'PgBouncer' : 'PgBouncer (skipped: not installed, see .ci/run)';

let started = 0;

export async function startPgBouncer(
  server: PostgresAddress,
  options: PgBouncerOptions = {},
): Promise<PgBouncer> {
  if (binary === undefined) throw new Error('pgbouncer is not installed');
  const port = await freePort();
  const configuration = await writeConfiguration(server, port, options);
  const asRoot = process.getuid?.() === 0;
  if (asRoot) for (const file of configuration.files) chownSync(file, NOBODY, NOBODY);
  const child = spawn(binary, [configuration.path], {
    ...(asRoot && { uid: NOBODY, gid: NOBODY }),
    stdio: ['ignore', 'ignore', 'pipe'],
    env: markedEnvironment(`pgbouncer-${++started}`, { PATH: process.env.PATH }),
  });
  const closed = once(child, 'close');
  const stop = async () => {
    child.kill('SIGKILL');
    await closed;
  };
  onCleanup(stop);
  const log: string[] = [];
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      log.push(line);
      if (line.includes('process up')) resolve();
    });
    child.once('close', () => reject(new Error(`PgBouncer did not start:\n${log.join('\n')}`)));
  });
  return {
    host: '127.0.0.1',
    port,
    stop,
    through: (url) => {
      const rewritten = new URL(url);
      rewritten.host = `127.0.0.1:${port}`;
      return rewritten.href;
    },
  };
}

async function writeConfiguration(server: PostgresAddress, port: number, options: PgBouncerOptions) {
  const folder = await createFolder('pgbouncer');
  const path = join(folder, 'pgbouncer.ini');
  const users = join(folder, 'users.txt');
  const settings = {
    listen_addr: '127.0.0.1',
    listen_port: String(port),
    unix_socket_dir: '',
    auth_type: 'scram-sha-256',
    auth_file: users,
    admin_users: server.user,
    pool_mode: options.poolMode ?? 'transaction',
    default_pool_size: String(options.poolSize ?? 20),
    max_client_conn: '200',
    ...options.settings,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
  const databases = (options.databases ?? ['*']).map(
    (name) => `${name} = host=${server.host} port=${server.port}\n`,
  );
  await writeFile(path, `[databases]\n${databases.join('')}\n[pgbouncer]\n${lines.join('')}`);
  await writeFile(users, `"${server.user}" "${server.password.replaceAll('"', '""')}"\n`, { mode: 0o600 });
  return { path, files: [path, users] };
}

function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
