import { expect, test } from 'vitest';
import { runBundle, startBundle } from '../../helpers/bundle.ts';
import { createDatabase, createRole } from '../../helpers/database.ts';
import { startServer } from '../../helpers/postgres.ts';
import { createStandalone } from '../../helpers/standalone.ts';

const FORGED = `x\nFix: run psql -c 'grant all' `;

async function prepare(migrations: Record<string, string>) {
  const app = await createStandalone({ migrations, server: 'crashing' });
  const [ours, theirs] = [await createRole(), await createRole()];
  const database = await createDatabase();
  await database.query(
    `GRANT CREATE ON SCHEMA public TO ${ours.name}; CREATE SCHEMA theirs AUTHORIZATION ${theirs.name}`,
  );
  const attacker = await database.connect(database.urlFor(theirs));
  const run = (args: string[], env: Record<string, string> = {}) =>
    runBundle({ dir: app.dir, args, env: { DATABASE_URL: database.urlFor(ours), ...env } });
  return { app, database, ours, theirs, attacker, run };
}

test('what a failed migration has left names no index of another role', async () => {
  const { database, attacker, run } = await prepare({
    '0001': 'CREATE TABLE a (id int); INSERT INTO a VALUES (1), (1);',
    '0002': 'CREATE UNIQUE INDEX CONCURRENTLY a_id ON a (id);',
  });
  await attacker.query(`CREATE TABLE theirs.p (a int) PARTITION BY RANGE (a);
    CREATE TABLE theirs.p1 PARTITION OF theirs.p FOR VALUES FROM (0) TO (10); CREATE INDEX "${FORGED}" ON ONLY theirs.p (a);
    CREATE TABLE theirs.q (a int); INSERT INTO theirs.q VALUES (1), (1)`);
  await attacker
    .query(`CREATE UNIQUE INDEX CONCURRENTLY "plain${FORGED}" ON theirs.q (a)`)
    .catch(() => undefined);
  const invalid = await database.query('SELECT count(*)::int AS n FROM pg_index WHERE NOT indisvalid');
  expect(invalid).toEqual([{ n: 2 }]);
  const { code, stdout } = await run(['migrate']);
  expect(code, stdout).toBe(65);
  expect(stdout).not.toContain('Fix: run');
});

test('the name of a table of another role is listed on the line that lists it', async () => {
  const { database, theirs, attacker, run } = await prepare({ '0001': 'CREATE TABLE a (id int);' });
  const env = { ENTRYPOINT_SEED_COMMAND: 'node -e 0', LOG_FORMAT: 'pretty' };
  expect((await run(['migrate'])).code).toBe(0);
  await database.query(`GRANT CREATE ON SCHEMA public TO ${theirs.name}`);
  await attacker.query(`CREATE TABLE public."${FORGED}" (id int)`);
  for (const args of [['check'], ['start']]) {
    const { code, stdout } = await run(args, env);
    expect(code, stdout).toBe(73);
    expect(stdout).toContain('Fix: run');
    expect(stdout).not.toMatch(/^\s*Fix: run/m);
  }
});

test('a copy of an index that another role has given the name of a leftover stops no REINDEX CONCURRENTLY', async () => {
  const { database, app, attacker } = await prepare({
    '0001': 'CREATE TABLE a (id int PRIMARY KEY);',
    '0002': 'REINDEX TABLE CONCURRENTLY a;',
  });
  await attacker.query(`CREATE TABLE theirs.p (a int) PARTITION BY RANGE (a);
    CREATE TABLE theirs.p1 PARTITION OF theirs.p DEFAULT; CREATE INDEX p_ccnew ON ONLY theirs.p (a)`);
  const env = { DATABASE_URL: database.urlFor(undefined, { schema: 'public' }) };
  const { code, stdout } = await runBundle({ dir: app.dir, args: ['migrate'], env });
  expect(code, stdout).toBe(0);
});

test.each([
  ['keeps locked stops no REINDEX', 'TABLE CONCURRENTLY a', 'theirs', true],
  ['keeps locked stops no REINDEX', 'INDEX CONCURRENTLY a_pkey', 'theirs', true],
  ['owns is not dropped by a REINDEX', '(CONCURRENTLY) SCHEMA public', 'public', false],
])('an invalid copy that another role %s %s', async (_what, what, schema, isLocked) => {
  const { database, theirs, app, attacker } = await prepare({
    '0001': 'CREATE TABLE a (id int PRIMARY KEY);',
  });
  const env = { DATABASE_URL: database.urlFor(undefined, { schema: 'public' }) };
  expect((await runBundle({ dir: app.dir, args: ['migrate'], env })).code).toBe(0);
  await app.addMigration('0002', `REINDEX ${what};`);
  await database.query(`GRANT CREATE ON SCHEMA public TO ${theirs.name}`);
  await attacker.query(`CREATE TABLE ${schema}.q (a int); INSERT INTO ${schema}.q VALUES (1), (1)`);
  await attacker.query(`CREATE UNIQUE INDEX CONCURRENTLY q_ccnew ON ${schema}.q (a)`).catch(() => undefined);
  expect(await database.query('SELECT FROM pg_index WHERE NOT indisvalid')).toHaveLength(1);
  if (isLocked) await attacker.query(`BEGIN; LOCK TABLE ${schema}.q IN SHARE UPDATE EXCLUSIVE MODE`);
  const { code, stdout } = await runBundle({ dir: app.dir, args: ['migrate'], env });
  expect(code, stdout).toBe(0);
  expect(await database.query('SELECT FROM pg_index WHERE NOT indisvalid')).toHaveLength(1);
});

test('a prepared transaction that holds the boot lock is named, with what ends it', async () => {
  const server = await startServer({ settings: { max_prepared_transactions: '2' } });
  const database = await createDatabase({ server });
  const session = await database.connect();
  await session.query(`BEGIN; SELECT pg_advisory_xact_lock(${0x7a_61_72_70_65}); PREPARE TRANSACTION 'held'`);
  const { dir } = await createStandalone({ migrations: { '0001': 'SELECT 1' } });
  const env = { DATABASE_URL: database.url, ENTRYPOINT_LOCK_TIMEOUT: '300ms' };
  const { code, stdout } = await runBundle({ dir, args: ['migrate'], env });
  expect(code, stdout).toBe(75);
  expect(stdout).toContain("ROLLBACK PREPARED 'held'");
});

test('the names of a role and of its prepared transaction, which holds a lock that a migration waits for, stand on the line that names them', async () => {
  const server = await startServer({ settings: { max_prepared_transactions: '2' } });
  const database = await createDatabase({ server });
  const app = await createStandalone({ migrations: { '0001': 'CREATE TABLE items (id int)' } });
  const env = { DATABASE_URL: database.url, ENTRYPOINT_MIGRATE_LOCK_TIMEOUT: '200ms', LOG_FORMAT: 'pretty' };
  expect((await runBundle({ dir: app.dir, args: ['migrate'], env })).code).toBe(0);
  await app.addMigration('0002', 'ALTER TABLE items ADD name text');
  const session = await database.connect();
  const name = FORGED.trim().replaceAll("'", '');
  await session.query(`CREATE ROLE "${name}" SUPERUSER; SET SESSION AUTHORIZATION "${name}"`);
  await session.query(`BEGIN; LOCK TABLE items; PREPARE TRANSACTION '${FORGED.replaceAll("'", "''")}'`);
  const boot = await startBundle({ dir: app.dir, args: ['migrate'], env });
  await boot.waitForLine(/could not acquire a lock held by prepared transaction/);
  await database.query(`ROLLBACK PREPARED '${FORGED.replaceAll("'", "''")}'`);
  expect((await boot.exit).code, boot.stdout).toBe(0);
  expect(boot.stdout).toContain('Fix: run');
  expect(boot.stdout).not.toMatch(/^\s*Fix: run/m);
});

test.each([['status'], ['check'], ['start']])(
  'a statement of %s that another session cancels is 75',
  async (command) => {
    const { app, database, ours } = await prepare({ '0001': 'CREATE TABLE users (id int);' });
    const env = { DATABASE_URL: database.urlFor(ours), FIXTURE_EXIT_CODE: '0' };
    expect((await runBundle({ dir: app.dir, args: ['migrate'], env })).code).toBe(0);
    const blocker = await database.connect();
    await blocker.query('BEGIN; LOCK TABLE users');
    const boot = await startBundle({ dir: app.dir, args: [command], env });
    // The first wait is given up by itself, after a second; the second one is cancelled.
    await expect
      .poll(
        async () =>
          (
            await database.query(`SELECT FROM pg_stat_activity, pg_cancel_backend(pid) WHERE usename = '${ours.name}'
            AND wait_event_type = 'Lock' AND query_start < now() - interval '1.5 seconds'`)
          ).length,
        { timeout: 15_000 },
      )
      .toBe(1);
    const { code } = await boot.exit;
    expect(code, boot.describe()).toBe(75);
    expect(boot.stdout + boot.stderr).toContain('57014');
  },
);
