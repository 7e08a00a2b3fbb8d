import { describe, expect, test } from 'vitest';
import { runBundle, startBundle } from '../../helpers/bundle.ts';
import { createDatabase } from '../../helpers/database.ts';
import { createStandalone } from '../../helpers/standalone.ts';

const TIMED_OUT = { retryable: true, exitStatus: 75, error: { code: 'MIGRATION_TIMEOUT' } };
const BEFORE = 'CREATE TABLE before (n int)';
const HANGS = 'CREATE TABLE half (n int); SELECT pg_sleep(600)';

async function prepare(second: string) {
  const app = await createStandalone({ migrations: { '1_before': BEFORE, '2_second': second } });
  const database = await createDatabase();
  const env = { DATABASE_URL: database.url };
  const migrate = (more: Record<string, string> = {}) =>
    runBundle({ dir: app.dir, args: ['migrate'], env: { ...env, ...more } });
  const tables = async () =>
    (
      await database.query<{ name: string }>(
        `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1`,
      )
    ).map(({ name }) => name);
  return { app, database, env, migrate, tables };
}

describe('ENTRYPOINT_MIGRATE_TIMEOUT', () => {
  test('cancels the migration that runs, keeps those before it, and leaves no hands needed: exit 75', async () => {
    const { app, database, migrate, tables } = await prepare(HANGS);
    const { code, logs } = await migrate({ ENTRYPOINT_MIGRATE_TIMEOUT: '8s' });
    expect(code).toBe(75);
    expect(logs.at(-1)).toMatchObject(TIMED_OUT);
    expect(await tables()).toEqual(['_prisma_migrations', 'before']);
    expect(
      await database.query(
        "SELECT FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()",
      ),
    ).toEqual([]);
    await app.addMigration('2_second', 'CREATE TABLE second (n int)');
    expect((await migrate()).code).toBe(0);
    expect(await tables()).toEqual(['_prisma_migrations', 'before', 'second']);
  });

  test('cancels a concurrent index build, and the next start finishes it', async () => {
    const { database, app, migrate } = await prepare('CREATE TABLE second (n int)');
    expect((await migrate()).code).toBe(0);
    await app.addMigration('3_index', 'CREATE INDEX CONCURRENTLY by_n ON before (n)');
    // The build waits for the end of a transaction that may still see the table.
    const reader = await database.connect();
    await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM before');
    const { code, logs } = await migrate({
      ENTRYPOINT_MIGRATE_LOCK_TIMEOUT: 'off',
      ENTRYPOINT_MIGRATE_TIMEOUT: '2s',
    });
    expect(code).toBe(75);
    expect(logs.at(-1)).toMatchObject(TIMED_OUT);
    await reader.query('COMMIT');
    expect((await migrate()).code).toBe(0);
    expect(
      await database.query("SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = 'by_n'::regclass"),
    ).toEqual([{ valid: true }]);
  });

  test('does not count the wait for the boot lock', async () => {
    const { app, database, env } = await prepare('CREATE TABLE second (n int)');
    const holder = await database.connect();
    await holder.query(`SELECT pg_advisory_lock(${0x7a_61_72_70_65})`);
    const boot = await startBundle({
      dir: app.dir,
      args: ['migrate'],
      env: { ...env, ENTRYPOINT_MIGRATE_TIMEOUT: '8s' },
    });
    await boot.waitForLog({ step: 'lock', event: 'waiting' });
    await holder.query('SELECT pg_sleep(9)');
    await holder.query(`SELECT pg_advisory_unlock(${0x7a_61_72_70_65})`);
    expect((await boot.exit).code).toBe(0);
  });

  test('bounds a push: exit 75, and nothing is changed', async () => {
    const app = await createStandalone({ migrations: {} });
    await app.write(
      'prisma/schema.prisma',
      'datasource db {\n  provider = "postgresql"\n}\nmodel Late {\n  id Int @id\n}\n',
    );
    const database = await createDatabase();
    const env = {
      DATABASE_URL: database.url,
      ENTRYPOINT_MIGRATE: 'push',
      ENTRYPOINT_MIGRATE_TIMEOUT: '1s',
      ENTRYPOINT_MIGRATE_LOCK_TIMEOUT: 'off',
    };
    const blocker = await database.connect();
    await blocker.query('BEGIN; CREATE TABLE "Late" (id int PRIMARY KEY)');
    const { code, logs } = await runBundle({ dir: app.dir, args: ['migrate'], env });
    await blocker.query('ROLLBACK');
    expect(code).toBe(75);
    expect(logs.at(-1)).toMatchObject(TIMED_OUT);
    expect(await database.query(`SELECT to_regclass('"Late"') AS late`)).toEqual([{ late: null }]);
  });
});
