import { expect, test } from 'vitest';
import { runBundle, startBundle } from '../../helpers/bundle.ts';
import { createDatabase, createRole } from '../../helpers/database.ts';
import type { AnyProblem } from '../../helpers/problems.ts';
import { createStandalone } from '../../helpers/standalone.ts';

/** A migrated database with a table that a session keeps from the migrations that come next. */
async function prepare(migrations: Record<string, string>) {
  const role = await createRole();
  const database = await createDatabase({ owner: role });
  await database.query(`GRANT ALL ON SCHEMA public TO ${role.name}`);
  const app = await createStandalone({
    migrations: { '1_base': 'CREATE TABLE a (); CREATE TABLE once (n int)' },
  });
  const env = { DATABASE_URL: database.urlFor(role, { application_name: 'the boot' }) };
  const run = (more: Record<string, string> = {}) =>
    runBundle({ dir: app.dir, args: ['migrate'], env: { ...env, ...more } });
  const first = await run();
  expect(first.code, first.stdout).toBe(0);
  for (const [name, script] of Object.entries(migrations)) await app.addMigration(name, script);
  const blocker = await database.connect();
  await blocker.query('BEGIN; LOCK TABLE a IN ACCESS SHARE MODE');
  const start = (more: Record<string, string> = {}) =>
    startBundle({ dir: app.dir, args: ['migrate'], env: { ...env, ...more } });
  const untilBlocked = () =>
    expect
      .poll(() =>
        database.query("SELECT 1 AS n FROM pg_locks WHERE NOT granted AND relation = 'a'::regclass"),
      )
      .toEqual([{ n: 1 }]);
  const terminate = () =>
    database.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'the boot' AND datname = current_database()",
    );
  return { database, blocker, run, start, untilBlocked, terminate };
}

function problemOf({ logs }: Awaited<ReturnType<typeof startBundle>>): AnyProblem | undefined {
  return (logs.at(-1)?.error?.problems as AnyProblem[] | undefined)?.[0];
}

test('a transaction of a script’s own that gets no lock is tried again, and those before it are not', async () => {
  const { database, blocker, start } = await prepare({
    '2_two': `BEGIN; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; INSERT INTO once VALUES (1); COMMIT;
      BEGIN; ALTER TABLE a ADD n int; COMMIT`,
  });
  const boot = await start({ ENTRYPOINT_MIGRATE_LOCK_TIMEOUT: '300ms' });
  const blocked = await boot.waitForLog({ step: 'migrate', event: 'blocked' });
  expect(blocked).toMatchObject({ attempt: 1 });
  await blocker.query('COMMIT');
  expect((await boot.exit).code, boot.describe()).toBe(0);
  expect(await database.query('SELECT n FROM once')).toEqual([{ n: 1 }]);
});

test('a migration that something else has recorded since is not applied a second time: 75', async () => {
  const { database, blocker, run, start, untilBlocked } = await prepare({
    '2_waits': 'ALTER TABLE a ADD n int',
    '3_elsewhere': 'INSERT INTO once VALUES (1)',
  });
  const boot = await start();
  await untilBlocked();
  await database.query(`INSERT INTO once VALUES (1);
    INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES ('1', 'x', '3_elsewhere', now())`);
  await blocker.query('COMMIT');
  expect((await boot.exit).code, boot.describe()).toBe(75);
  expect(boot.logs.at(-1)).toMatchObject({ retryable: true, error: { code: 'MIGRATION_BLOCKED' } });
  expect(problemOf(boot)?.message).toMatch(/^Another replica applied migration 3_elsewhere/);
  expect(await run()).toMatchObject({ code: 0 });
  expect(await database.query('SELECT n FROM once')).toEqual([{ n: 1 }]);
});

test('a connection that is lost while the boot waits for its lock ends it with 75, and the address', async () => {
  const { database, start, terminate } = await prepare({ '2_more': 'CREATE TABLE more ()' });
  await database.holdBootLock();
  const boot = await start();
  await boot.waitForLog({ step: 'lock', event: 'waiting' });
  await terminate();
  expect((await boot.exit).code, boot.describe()).toBe(75);
  expect(boot.logs.at(-1)).toMatchObject({ retryable: true, error: { code: 'DATABASE_CONNECTION_LOST' } });
  expect(problemOf(boot)?.message).toContain(`Lost the connection to ${database.host}:${database.port}`);
});

test('a connection that is lost while a migration runs ends the boot with 75, and the next start applies it', async () => {
  const { database, blocker, run, start, untilBlocked, terminate } = await prepare({
    '2_waits': 'INSERT INTO once VALUES (1); ALTER TABLE a ADD n int',
  });
  const boot = await start();
  await untilBlocked();
  await terminate();
  expect((await boot.exit).code, boot.describe()).toBe(75);
  expect(boot.logs.at(-1)).toMatchObject({ retryable: true, error: { code: 'DATABASE_CONNECTION_LOST' } });
  await blocker.query('COMMIT');
  expect(await run()).toMatchObject({ code: 0 });
  expect(await database.query('SELECT n FROM once')).toEqual([{ n: 1 }]);
});

test('a function of PostgreSQL that the role may not call ends the boot with 77, which names it', async () => {
  const { database, start } = await prepare({ '2_more': 'CREATE TABLE more ()' });
  await database.query('REVOKE EXECUTE ON FUNCTION pg_catalog.pg_try_advisory_lock(bigint) FROM PUBLIC');
  const boot = await start();
  expect((await boot.exit).code, boot.describe()).toBe(77);
  expect(boot.logs.at(-1)).toMatchObject({ error: { code: 'DATABASE_ACCESS_REFUSED' } });
  expect(problemOf(boot)?.message).toMatch(
    /^PostgreSQL did not carry out a statement of Zarpe: permission denied for function pg_try_advisory_lock \(42501\)/,
  );
});
