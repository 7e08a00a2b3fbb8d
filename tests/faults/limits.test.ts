import { execFile } from 'node:child_process';
import { chown, mkdtemp, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { type BundleOutput, runBundle, startBundle } from '../helpers/bundle.ts';
import { onCleanup } from '../helpers/cleanup.ts';
import { createDatabase, createRole, type Database } from '../helpers/database.ts';
import { startServer } from '../helpers/postgres.ts';
import type { AnyProblem } from '../helpers/problems.ts';
import { createStandalone, type Standalone, USERS_MIGRATION } from '../helpers/standalone.ts';
import { report } from './helpers/results.ts';

const run = promisify(execFile);
const USERS = '1_users';

let app: Standalone;
beforeAll(async () => {
  app = await createStandalone({ migrations: { [USERS]: USERS_MIGRATION } });
});

const migrate = (url: string, from: Standalone = app) =>
  runBundle({ dir: from.dir, args: ['migrate'], env: { DATABASE_URL: url } });

function failureOf({ logs }: BundleOutput) {
  const failure = logs.at(-1);
  const problems = (failure?.error?.problems ?? []) as AnyProblem[];
  return { code: failure?.error?.code, problem: problems[0] };
}

async function expectServes(url: string): Promise<void> {
  const boot = await startBundle({ dir: app.dir, env: { DATABASE_URL: url } });
  await boot.waitForServer();
}

describe('a server whose connections are all taken', () => {
  test('is waited for, and gone on with when one is free', async () => {
    const server = await startServer({
      settings: { max_connections: '4', superuser_reserved_connections: '0', max_wal_senders: '0' },
    });
    const database = await createDatabase({ server });
    const sessions = await Promise.all(Array.from({ length: 4 }, () => database.connect()));
    const refused = await runBundle({
      dir: app.dir,
      args: ['migrate'],
      env: { DATABASE_URL: database.url, ENTRYPOINT_DB_TIMEOUT: '1s' },
    });
    expect(refused.code).toBe(69);
    expect(failureOf(refused).code).toBe('DATABASE_UNAVAILABLE');
    expect(failureOf(refused).problem).toMatchObject({
      message: expect.stringMatching(/: .*(?:too many clients|remaining connection slots).* \(53300\)$/),
      hint: expect.stringContaining('max_connections'),
    });

    const boot = await startBundle({ dir: app.dir, env: { DATABASE_URL: database.url } });
    expect(await boot.waitForLog({ event: 'retry' })).toMatchObject({ error: { code: '53300' } });
    await Promise.all(sessions.map((session) => session.end()));
    await boot.waitForServer();
    expect(await database.migrations()).toMatchObject([{ migration_name: USERS, finished: true }]);
    report('limits', 'max_connections exhausted, then freed', { tried: 1, manual: 0 });
  });
});

describe('a role that may have one connection', () => {
  test('migrates; its seed, which needs one of its own, is refused by the server: exit 73', async () => {
    const database = await createDatabase();
    const role = await createRole({ connectionLimit: 1 });
    await database.query(`GRANT CREATE ON SCHEMA public TO ${role.name}`);
    expect((await migrate(database.urlFor(role))).code).toBe(0);
    const seeded = await createStandalone({ migrations: { [USERS]: USERS_MIGRATION }, seed: 'works' });
    const env = { DATABASE_URL: database.urlFor(role) };
    const refused = await runBundle({ dir: seeded.dir, args: ['seed'], env });
    expect(refused.code).toBe(73);
    expect(refused.stdout).toContain('too many connections for role');
    await expectServes(database.urlFor(role));
  });
});

describe('a database that cannot be written to', () => {
  test('by default_transaction_read_only is refused with work to do, and served without', async () => {
    const database = await createDatabase();
    const role = await createRole({ superuser: true, settings: { default_transaction_read_only: 'on' } });
    const refused = await migrate(database.urlFor(role));
    expect(refused.code).toBe(77);
    expect(failureOf(refused).code).toBe('DATABASE_READ_ONLY');
    expect(failureOf(refused).problem?.message).toContain('1 migration is pending');
    expect(await database.migrations()).toEqual([]);
    expect((await migrate(database.url)).code).toBe(0);
    await expectServes(database.urlFor(role));
    report('limits', 'read-only role, nothing pending', { tried: 1, manual: 0 });
  });

  test('as a standby is refused with work to do, and served without', async () => {
    const server = await startServer();
    const database = await createDatabase({ server });
    expect((await migrate(database.url)).code).toBe(0);
    await server.becomeStandby();
    await expectServes(database.url);
    const newer = await createStandalone({
      migrations: { [USERS]: USERS_MIGRATION, '2_more': 'CREATE TABLE more (id INT);' },
    });
    const refused = await migrate(database.url, newer);
    expect(refused.code).toBe(77);
    expect(failureOf(refused).code).toBe('DATABASE_READ_ONLY');
    report('limits', 'standby, nothing pending', { tried: 1, manual: 0 });
  });
});

test('a migration that the role’s statement_timeout cuts off leaves nothing, and says which setting it was', async () => {
  const database = await createDatabase();
  const role = await createRole({ superuser: true, settings: { statement_timeout: '300ms' } });
  const slow = await createStandalone({
    migrations: { [USERS]: `${USERS_MIGRATION}SELECT pg_sleep(600);` },
  });
  const failed = await migrate(database.urlFor(role), slow);
  expect(failed.code).toBe(65);
  const { code, problem } = failureOf(failed);
  expect(code).toBe('MIGRATION_FAILED');
  expect(problem?.message).toContain('57014');
  expect(problem?.details?.join('\n')).toMatch(
    /NOTE: .*statement_timeout.*ENTRYPOINT_MIGRATE_STATEMENT_TIMEOUT/,
  );
  expect(await tablesOf(database)).not.toContain('users');
  // The same history goes on once its script is quick enough.
  expect((await migrate(database.urlFor(role))).code).toBe(0);
  report('limits', 'statement_timeout of the role', { tried: 1, manual: 1 });
});

test('a role without CREATE is refused, and told what to be granted', async () => {
  const database = await createDatabase();
  const role = await createRole();
  const refused = await migrate(database.urlFor(role));
  expect(refused.code).toBe(77);
  const { code, problem } = failureOf(refused);
  expect(code).toBe('DATABASE_ACCESS_REFUSED');
  expect(problem?.message).toContain('CREATE on the schema "public"');
  expect(problem?.hint).toContain('Grant it');
  expect(await tablesOf(database)).toEqual([]);
  await database.query(`GRANT CREATE ON SCHEMA public TO ${role.name}`);
  expect((await migrate(database.urlFor(role))).code).toBe(0);
  report('limits', 'role without CREATE', { tried: 1, manual: 1 });
});

const canMount = await mountsTmpfs();

describe.skipIf(!canMount)(`a full disk${canMount ? '' : ' (skipped: mounting a tmpfs takes root)'}`, () => {
  const big = `CREATE TABLE big AS SELECT g, repeat('x', 1000) AS filler FROM generate_series(1, 100000) AS g;`;

  test('under the tables fails the migration whole, and the next start with space goes on', async () => {
    const volume = await mountTmpfs('32m');
    const server = await startServer();
    const { uid, gid } = await stat(server.dataDir);
    await chown(volume, uid, gid);
    const database = await createDatabase({ server, create: false });
    await database.admin(`CREATE TABLESPACE small LOCATION '${volume}'`);
    await database.admin(`CREATE DATABASE ${database.name} TABLESPACE small`);
    const growing = await createStandalone({ migrations: { [USERS]: USERS_MIGRATION, '2_big': big } });
    const failed = await migrate(database.url, growing);
    expect(failed.code).toBe(65);
    const { code, problem } = failureOf(failed);
    expect(code).toBe('MIGRATION_FAILED');
    expect(problem?.message).toMatch(/53100: could not extend file .* No space left on device/);
    expect(problem?.details).toContain('HINT: Check free disk space.');
    expect(await tablesOf(database)).toEqual(['_prisma_migrations', 'users']);
    expect(await database.migrations()).toMatchObject([{ migration_name: USERS, finished: true }]);

    await grow(volume);
    await expectGoesOn(database, growing);
    report('limits', 'disk under the tables full, then more space', { tried: 1, manual: 0 });
  });

  test('under the log takes the server down, and the next start with space goes on', async () => {
    const volume = await mountTmpfs('40m');
    const server = await startServer();
    const database = await createDatabase({ server });
    const { uid, gid } = await stat(server.dataDir);
    await server.stop();
    const log = join(server.dataDir, 'pg_wal');
    await run('cp', ['-a', log, volume]);
    await rm(log, { recursive: true });
    await symlink(join(volume, 'pg_wal'), log);
    await chown(volume, uid, gid);
    await server.start();
    const growing = await createStandalone({ migrations: { [USERS]: USERS_MIGRATION, '2_big': big } });
    const failed = await migrate(database.url, growing);
    expect(failed.code).toBe(75);
    expect(failureOf(failed).code).toBe('DATABASE_CONNECTION_LOST');
    expect(failureOf(failed).problem?.message).toContain('No space left on device');
    await server.stop('immediate');
    expect(server.log.join('\n')).toMatch(/PANIC: .*No space left on device/);

    await grow(volume);
    await server.start();
    await expectGoesOn(database, growing);
    report('limits', 'disk under the write-ahead log full, then more space', { tried: 1, manual: 0 });
  });
});

async function expectGoesOn(database: Database, from: Standalone): Promise<void> {
  const mended = await migrate(database.url, from);
  expect(mended.code).toBe(0);
  expect(await database.migrations()).toMatchObject([{ finished: true }, { finished: true }]);
  expect(await database.query('SELECT count(*)::int AS n FROM big')).toEqual([{ n: 100_000 }]);
}

async function tablesOf(database: Database): Promise<string[]> {
  const rows = await database.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

async function mountTmpfs(size: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'zarpe-disk-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0755`, 'tmpfs', folder]);
  } catch (error) {
    await rm(folder, { recursive: true });
    throw error;
  }
  onCleanup(() => unmount(folder));
  return folder;
}

async function grow(volume: string): Promise<void> {
  await run('mount', ['-o', 'remount,size=1g', volume]);
}

async function unmount(folder: string): Promise<void> {
  await run('umount', [folder]);
  await rm(folder, { recursive: true });
}

/** Whether this process may: root, and not in a container that forbids it. */
async function mountsTmpfs(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'zarpe-disk-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]);
    await run('umount', [folder]);
    return true;
  } catch {
    return false;
  } finally {
    await rm(folder, { recursive: true });
  }
}
