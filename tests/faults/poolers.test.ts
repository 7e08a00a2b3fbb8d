import { beforeAll, describe, expect, test } from 'vitest';
import { runBundle, startBundle } from '../helpers/bundle.ts';
import { createDatabase, type Database } from '../helpers/database.ts';
import { hasPgBouncer, type PgBouncer, pgBouncerTitle, startPgBouncer } from '../helpers/pgbouncer.ts';
import { createStandalone, type Standalone, USERS_MIGRATION } from '../helpers/standalone.ts';
import { generateHistory, type History } from './helpers/history.ts';
import { Random } from './helpers/random.ts';
import { report } from './helpers/results.ts';
import { expectedRecords, referenceStates, takeSnapshot } from './helpers/snapshot.ts';

/** Backends of a pool that is looked through as a whole. */
const POOL = 3;
const IN_STEPS = { '9_index': 'CREATE INDEX CONCURRENTLY by_email ON users (email);' };

describe.skipIf(!hasPgBouncer)(`${pgBouncerTitle} that refuses the connection`, () => {
  const changes: [string, number, string, (url: URL) => void][] = [
    [
      'a password',
      77,
      'DATABASE_ACCESS_REFUSED',
      (url) => Object.assign(url, { password: 'no-such-password' }),
    ],
    ['a user', 77, 'DATABASE_ACCESS_REFUSED', (url) => Object.assign(url, { username: 'no-such-user' })],
    ['a database', 77, 'DATABASE_MISSING', (url) => Object.assign(url, { pathname: '/no-such-database' })],
    ['options', 78, 'POOLER_UNSUITABLE', (url) => url.searchParams.set('options', '-c geqo=off')],
  ];
  test.each(changes)('because of %s ends the wait with %i (%s)', async (_, status, code, change) => {
    const app = await createStandalone();
    const database = await createDatabase();
    const pooler = await startPgBouncer(database, { databases: [database.name] });
    const url = new URL(pooler.through(database.url));
    change(url);
    const { code: exit, logs } = await runBundle({
      ...{ dir: app.dir, args: ['wait'] },
      env: { DATABASE_URL: url.href, ENTRYPOINT_DB_TIMEOUT: '20s' },
    });
    expect(exit, JSON.stringify(logs)).toBe(status);
    expect(logs.at(-1)?.error?.code).toBe(code);
    expect(logs.filter(({ event }) => event === 'retry')).toEqual([]);
  });
});

describe.skipIf(!hasPgBouncer)(`${pgBouncerTitle} in transaction mode`, () => {
  let history: History;
  let expected: string;
  let app: Standalone;

  beforeAll(async () => {
    history = generateHistory(new Random('poolers'), { length: 17 });
    history.names.unshift('0_users');
    history.migrations['0_users'] = USERS_MIGRATION;
    expected = (await referenceStates(history)).at(-1) ?? '';
    app = await createStandalone({ migrations: history.migrations });
  });

  const open = async (options: Parameters<typeof startPgBouncer>[1] = {}) => {
    const database = await createDatabase();
    const pooler = await startPgBouncer(database, { poolMode: 'transaction', ...options });
    return { database, pooler };
  };
  const ways: Record<string, (database: Database, pooler: PgBouncer) => Record<string, string>> = {
    'with pgbouncer=true': (database, pooler) => ({
      DATABASE_URL: `${pooler.through(database.url)}?pgbouncer=true`,
    }),
    'without a word of it': (database, pooler) => ({ DATABASE_URL: pooler.through(database.url) }),
    'with DIRECT_URL': (database, pooler) => ({
      DATABASE_URL: `${pooler.through(database.url)}?pgbouncer=true`,
      DIRECT_URL: database.url,
    }),
  };

  test.each(Object.entries(ways))('%s: migrates to the same end, and leaks nothing', async (way, urls) => {
    const { database, pooler } = await open({ poolSize: POOL });
    const before = await keptByBackends(database, pooler);
    const first = await runBundle({ dir: app.dir, args: ['migrate'], env: urls(database, pooler) });
    expect(first.code, first.stdout).toBe(0);
    expect(await takeSnapshot(database)).toBe(expected);
    expect(await database.migrations()).toEqual(expectedRecords(history));
    expect(await keptByBackends(database, pooler)).toEqual(before);
    report('poolers', `PgBouncer in transaction mode ${way}`, { tried: 1, manual: 0 });
  });

  test.each(Object.entries(ways))('%s: a push is whole, and leaks nothing', async (_way, urls) => {
    const { database, pooler } = await open({ poolSize: POOL });
    const schemaOf = (fields: string) =>
      `datasource db {\n  provider = "postgresql"\n}\nmodel a {\n  id Int @id\n${fields}\n}\n`;
    const pushed = await createStandalone({
      omit: ['prisma/migrations'],
      schema: schemaOf('  gone Int?'),
    });
    const before = await keptByBackends(database, pooler);
    const env = { ...urls(database, pooler), ENTRYPOINT_MIGRATE: 'push' };
    const first = await runBundle({ dir: pushed.dir, args: ['migrate'], env });
    expect(first.code, first.stdout).toBe(0);
    await pushed.write('prisma/schema.prisma', schemaOf('  more Int @unique'));
    const second = await runBundle({ dir: pushed.dir, args: ['migrate'], env });
    expect(second.code, second.stdout).toBe(0);
    expect(await database.query('SELECT id, more FROM a')).toEqual([]);
    expect(await keptByBackends(database, pooler)).toEqual(before);
  });

  test.each(Object.entries(ways))('%s: of several replicas one migrates and one seeds', async (way, urls) => {
    const { database, pooler } = await open({ poolSize: 4 });
    const seeded = await createStandalone({ migrations: history.migrations, seed: 'works' });
    const env = { ...urls(database, pooler), ENTRYPOINT_DB_TIMEOUT: '5m' };
    // The seed of the fixture knows nothing of a pooler's parameters.
    const replicas = await Promise.all(
      Array.from({ length: 12 }, () => startBundle({ dir: seeded.dir, env })),
    );
    await Promise.all(replicas.map((replica) => replica.waitForServer()));
    const workers = (step: string, event: string) =>
      replicas.filter(({ logs }) => logs.some((log) => log.step === step && log.event === event));
    expect(workers('migrate', 'applied')).toHaveLength(1);
    expect(workers('seed', 'done')).toHaveLength(1);
    expect(await database.query('SELECT count(*)::int AS n FROM users')).toEqual([{ n: 3 }]);
    expect(await database.migrations()).toEqual(expectedRecords(history));
    report('poolers', `12 replicas, a pool of 4, ${way}`, { tried: 12, manual: 0 });
  });

  test.each([
    ['that works', 'CREATE TABLE b (id int);', 0],
    [
      'that leaves statements, cursors and channels',
      'PREPARE kept AS SELECT 1; DECLARE kept CURSOR WITH HOLD FOR SELECT 1; LISTEN kept;',
      0,
    ],
    ['that fails', 'CREATE TABLE b (id nothing);', 65],
    [
      'that changes its session',
      "SET lock_timeout = '3s'; SET search_path = pg_catalog; CREATE TEMP TABLE t ();",
      0,
    ],
    [
      'that changes its session, then fails',
      "SET statement_timeout = '3s'; CREATE TEMP TABLE t (); SELECT 1 / 0;",
      65,
    ],
  ])('settings of ours and of a script %s reach no other client', async (_, script, code) => {
    const { database, pooler } = await open({ poolSize: POOL });
    const before = await keptByBackends(database, pooler);
    const { dir } = await createStandalone({ migrations: { '1_a': USERS_MIGRATION, '2_b': script } });
    const url = new URL(pooler.through(database.url));
    url.searchParams.set('schema', 'app');
    url.searchParams.set('application_name', 'the boot');
    const env = {
      DATABASE_URL: url.href,
      ENTRYPOINT_MIGRATE_LOCK_TIMEOUT: '7s',
      ENTRYPOINT_MIGRATE_STATEMENT_TIMEOUT: '9s',
    };
    expect(await runBundle({ dir, args: ['migrate'], env })).toMatchObject({ code });
    expect(await keptByBackends(database, pooler)).toEqual(before);
  });

  test('a migration in steps is refused before anything is applied', async () => {
    const { database, pooler } = await open();
    const inSteps = await createStandalone({ migrations: { ...history.migrations, ...IN_STEPS } });
    const DATABASE_URL = pooler.through(database.url);
    const { code, logs } = await runBundle({ dir: inSteps.dir, args: ['migrate'], env: { DATABASE_URL } });
    expect(code).toBe(78);
    expect(logs.at(-1)).toMatchObject({ error: { code: 'POOLER_UNSUITABLE' } });
    expect(JSON.stringify(logs.at(-1))).toMatch(/DIRECT_URL/);
    expect(await database.migrations()).toEqual([]);
    const env = { DATABASE_URL, DIRECT_URL: database.url };
    expect(await runBundle({ dir: inSteps.dir, args: ['migrate'], env })).toMatchObject({ code: 0 });
  });

  test('one that only the server knows to be in steps is refused too', async () => {
    const { database, pooler } = await open();
    const script = `DO $$ BEGIN EXECUTE 'VAC' || 'UUM'; END $$;`;
    const app = await createStandalone({ migrations: { '1_a': USERS_MIGRATION, '2_hidden': script } });
    const env = { DATABASE_URL: pooler.through(database.url) };
    const { code, logs } = await runBundle({ dir: app.dir, args: ['migrate'], env });
    expect(code).toBe(78);
    expect(logs.at(-1)).toMatchObject({ error: { code: 'POOLER_UNSUITABLE' } });
    expect((await database.migrations()).map(({ migration_name }) => migration_name)).toEqual(['1_a']);
  });

  test('a table that another replica has for itself is waited for in the lock', async () => {
    const { database, pooler } = await open();
    const { dir } = await createStandalone();
    const env = { DATABASE_URL: pooler.through(database.url) };
    expect(await runBundle({ dir, args: ['migrate'], env })).toMatchObject({ code: 0 });
    const release = await database.holdBootLock();
    const other = await database.connect();
    await other.query('BEGIN; LOCK TABLE users');
    const boot = await startBundle({ dir, env });
    await boot.waitForLog({ step: 'lock', event: 'waiting' });
    await other.query('COMMIT');
    await release();
    await boot.waitForServer();
  });

  test('a pool of one connection, which the lock takes, ends in bounded time and says why', async () => {
    const { database, pooler } = await open({ poolSize: 1, settings: { query_wait_timeout: '3' } });
    const env = { DATABASE_URL: pooler.through(database.url) };
    const { code, logs } = await runBundle({ dir: app.dir, args: ['migrate'], env });
    expect(code).toBe(75);
    expect(JSON.stringify(logs.at(-1))).toContain('query_wait_timeout');
  });

  test('TERM ends a script behind it without ending anybody else’s', async () => {
    const { database, pooler } = await open({ poolSize: 3 });
    const slow = await createStandalone({ migrations: { '1_slow': 'SELECT pg_sleep(3600);' } });
    const other = await database.connect(pooler.through(database.url));
    await other.query('BEGIN');
    const boot = await startBundle({
      dir: slow.dir,
      args: ['migrate'],
      env: { DATABASE_URL: pooler.through(database.url) },
    });
    await scriptRuns(database, 'pg_sleep(3600)');
    boot.kill('SIGTERM');
    expect(await boot.exit).toMatchObject({ code: 143 });
    expect((await other.query('SELECT 1 AS one; ')).rows).toEqual([{ one: 1 }]);
    expect(await database.migrations()).toEqual([]);
  });

  test('when the lock is lost while a script runs, no other replica applies it a second time', async () => {
    const { database, pooler } = await open();
    const app = await createStandalone({
      migrations: {
        '1_tables': 'CREATE TABLE gate (n INT); CREATE TABLE counted AS SELECT 0 AS n;',
      },
    });
    const direct = { DATABASE_URL: database.url };
    expect(await runBundle({ dir: app.dir, args: ['migrate'], env: direct })).toMatchObject({ code: 0 });
    await app.addMigration('2_once', 'UPDATE counted SET n = n + 1; SELECT count(*) FROM gate;');
    const gate = await database.connect();
    await gate.query('BEGIN; LOCK TABLE gate');
    const env = { DATABASE_URL: pooler.through(database.url), ENTRYPOINT_MIGRATE_LOCK_TIMEOUT: 'off' };
    const first = await startBundle({ dir: app.dir, args: ['migrate'], env });
    await scriptRuns(database, 'UPDATE counted');
    // Frozen: it cannot take back what it has sent.
    first.kill('SIGSTOP');
    await database.admin(
      `SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
        WHERE l.locktype = 'advisory' AND a.datname = $1 AND a.state = 'idle in transaction'`,
      [database.name],
    );
    const second = await startBundle({ dir: app.dir, args: ['migrate'], env });
    await second.waitForLog({ event: 'pending' });
    await second.waitForLog({ step: 'migrate', event: 'waiting' });
    await gate.query('COMMIT');
    expect(await second.exit, second.describe()).toMatchObject({ code: 75 });
    first.kill('SIGCONT');
    // Its script was through; had more been pending, it would have gone no further.
    expect([0, 75], first.describe()).toContain((await first.exit).code);
    expect(await runBundle({ dir: app.dir, args: ['migrate'], env })).toMatchObject({ code: 0 });
    expect(await database.query('SELECT n FROM counted')).toEqual([{ n: 1 }]);
    report('poolers', 'lock lost while a script runs', { tried: 1, manual: 0 });
  });
});

describe.skipIf(!hasPgBouncer)(`${pgBouncerTitle} in session mode`, () => {
  const HOST = '127.0.0.54';
  const inSteps = { migrations: { '1_users': USERS_MIGRATION, ...IN_STEPS } };

  test('cannot be told from one in transaction mode, and is treated the same', async () => {
    const database = await createDatabase();
    const pooler = await startPgBouncer(database, { poolMode: 'session' });
    const { dir } = await createStandalone(inSteps);
    const env = { DATABASE_URL: pooler.through(database.url) };
    expect(await runBundle({ dir, args: ['migrate'], env })).toMatchObject({ code: 78 });
  });

  test.each([
    ['session', 5432, 0],
    ['transaction', 6543, 78],
  ] as const)('at Supabase is known by its port: in %s mode on %i', async (poolMode, port, code) => {
    const database = await createDatabase();
    const settings = { listen_addr: HOST, listen_port: String(port) };
    await startPgBouncer(database, { poolMode, settings });
    const { dir, path, write } = await createStandalone(inSteps);
    await write('resolve.cjs', RESOLVE_TO(HOST));
    const url = new URL(database.url);
    url.host = `aws-0-eu-west-1.pooler.supabase.com:${port}`;
    const env = { DATABASE_URL: url.href, NODE_OPTIONS: `--require ${path('resolve.cjs')}` };
    expect(await runBundle({ dir, args: ['migrate'], env })).toMatchObject({ code });
    expect(await database.migrations()).toHaveLength(code === 0 ? 2 : 0);
  });
});

/** A module that makes every name mean this address. */
const RESOLVE_TO = (address: string) => `
  require('node:dns').lookup = (name, options, done) =>
    process.nextTick(done, null, options.all ? [{ address: '${address}', family: 4 }] : '${address}', 4);`;

/**
 * What a session keeps for whoever has it next: settings, locks, statements, cursors, tables. The name of an application is
 * PgBouncer's to keep: it leaves the last one to clients that give none.
 */
const KEPT = `SELECT 'setting ' || name || ' = ' || setting AS kept FROM pg_settings WHERE source = 'session' AND name <> 'application_name'
  UNION ALL SELECT 'lock ' || objid FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()
  UNION ALL SELECT 'statement ' || name FROM pg_prepared_statements
  UNION ALL SELECT 'cursor ' || name FROM pg_cursors
  UNION ALL SELECT 'channel ' || channel FROM pg_listening_channels() AS channel
  UNION ALL SELECT 'table ' || relname FROM pg_class WHERE relpersistence = 't'
  UNION ALL SELECT 'role ' || current_user WHERE current_user <> session_user
  ORDER BY 1`;

/** What other clients of the pooler find, on each of its backends at once. */
async function keptByBackends(database: Database, pooler: PgBouncer): Promise<unknown[]> {
  const clients = await Promise.all(
    Array.from({ length: POOL }, () => database.connect(pooler.through(database.url))),
  );
  const found = await Promise.all(
    clients.map(async (client) => {
      const answers: unknown = await client.query(`BEGIN; ${KEPT}`);
      return (answers as { rows: unknown[] }[]).at(-1)?.rows;
    }),
  );
  await Promise.all(clients.map((client) => client.end()));
  return found;
}

/** Waits until a backend runs a script with this text in it. */
async function scriptRuns(database: Database, text: string): Promise<void> {
  const running = `SELECT FROM pg_stat_activity
    WHERE datname = $1 AND state = 'active' AND query LIKE '%' || $2 || '%' AND pid <> pg_backend_pid()`;
  while ((await database.admin(running, [database.name, text])).length === 0);
}
