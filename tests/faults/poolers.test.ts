import { beforeAll, describe, expect, test } from 'vitest';
import { runBundle, startBundle } from '../helpers/bundle.ts';
import { createDatabase, type Database } from '../helpers/database.ts';
import { hasPgBouncer, type PgBouncer, pgBouncerTitle, startPgBouncer } from '../helpers/pgbouncer.ts';
import { createStandalone, type Standalone, USERS_MIGRATION } from '../helpers/standalone.ts';
import { generateHistory, type History } from './helpers/history.ts';
import { Random } from './helpers/random.ts';
import { report } from './helpers/results.ts';
import { expectedRecords, referenceStates, takeSnapshot } from './helpers/snapshot.ts';

const IN_STEPS = { '9_index': 'CREATE INDEX CONCURRENTLY by_email ON users (email);' };

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
    const { database, pooler } = await open();
    const first = await runBundle({ dir: app.dir, args: ['migrate'], env: urls(database, pooler) });
    expect(first.code, first.stdout).toBe(0);
    expect(await takeSnapshot(database)).toBe(expected);
    expect(await database.migrations()).toEqual(expectedRecords(history));
    await expectCleanBackends(database);
    report('poolers', `PgBouncer in transaction mode ${way}`, { tried: 1, manual: 0 });
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
    await scriptRuns(database, 'UPDATE counted', 2);
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

/** A backend that a pooler hands to others holds no lock of ours, and no setting. */
async function expectCleanBackends(database: Database): Promise<void> {
  const locks = await database.query(
    `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  expect(locks).toEqual([]);
}

/** Waits until as many backends run a script with this text in it. */
async function scriptRuns(database: Database, text: string, count = 1): Promise<void> {
  const running = `SELECT FROM pg_stat_activity
    WHERE datname = $1 AND state = 'active' AND query LIKE '%' || $2 || '%' AND pid <> pg_backend_pid()`;
  while ((await database.admin(running, [database.name, text])).length < count);
}
