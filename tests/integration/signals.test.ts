import { describe, expect, test } from 'vitest';
import { runBundle, startBundle } from '../helpers/bundle.ts';
import { createDatabase, type Database } from '../helpers/database.ts';
import { closedPort, createProxy } from '../helpers/network.ts';
import { createStandalone, USERS_MIGRATION } from '../helpers/standalone.ts';

const ENDING = [
  ['SIGTERM', 143],
  ['SIGINT', 130],
  ['SIGHUP', 129],
  ['SIGQUIT', 131],
] as const;

describe('a signal', () => {
  test.each(ENDING)(
    '%s while the database is waited for ends the boot at once with %i',
    async (signal, status) => {
      const { dir } = await createStandalone();
      const boot = await startBundle({
        dir,
        env: { DATABASE_URL: `postgresql://app@127.0.0.1:${await closedPort()}/app` },
      });
      await boot.waitForLog({ event: 'retry' });
      boot.kill(signal);
      expect(await boot.exit).toMatchObject({ code: status, signal: null });
      expect(boot.logs.at(-1)).toMatchObject({ event: 'shutdown', step: 'database', signal });
    },
  );

  test.each(ENDING)('%s while the lock is waited for ends the boot with %i', async (signal, status) => {
    const { dir } = await createStandalone();
    const database = await createDatabase();
    await database.holdBootLock();
    const boot = await startBundle({ dir, env: { DATABASE_URL: database.url } });
    await boot.waitForLog({ step: 'lock', event: 'waiting' });
    boot.kill(signal);
    expect(await boot.exit).toMatchObject({ code: status });
    expect(await database.migrations()).toEqual([]);
  });

  test.each([
    ['the boot lock', /pg_try_advisory_lock/],
    ['the first statement of a migration', /PREPARE \w+ AS/],
  ])(
    'while a network that fails swallows %s ends the boot with 143',
    async (_, text) => {
      const { dir } = await createStandalone();
      const database = await createDatabase();
      const proxy = await createProxy(database);
      proxy.blackholeAt(text);
      const boot = await startBundle({ dir, env: { DATABASE_URL: proxy.through(database.url) } });
      await proxy.waitForClientText(text);
      boot.kill('SIGTERM');
      expect(await boot.exit).toMatchObject({ code: 143 });
      expect(boot.logs.at(-1)).toMatchObject({ event: 'shutdown', signal: 'SIGTERM' });
    },
    30_000,
  );

  test('while a migration runs that is one transaction rolls it back, and starts nothing further', async () => {
    const { dir } = await createStandalone({
      migrations: {
        '0001': USERS_MIGRATION,
        '0002': 'CREATE TABLE slow (id int); SELECT pg_sleep(60)',
        '0003': 'CREATE TABLE later (id int)',
      },
    });
    const database = await createDatabase();
    const boot = await startBundle({ dir, env: { DATABASE_URL: database.url } });
    await scriptSleeps(database);
    boot.kill('SIGTERM');
    boot.kill('SIGTERM');
    expect(await boot.exit).toMatchObject({ code: 143 });
    expect((await database.migrations()).map((record) => record.migration_name)).toEqual(['0001']);
    expect(await database.query("SELECT to_regclass('slow') AS a, to_regclass('later') AS b")).toEqual([
      { a: null, b: null },
    ]);
  });

  test('between a migration’s own transactions rolls back the one that runs; the next start continues with it', async () => {
    const { dir } = await createStandalone({
      migrations: {
        '0001': `BEGIN; SET LOCAL lock_timeout = '9s'; CREATE TABLE a (id int); COMMIT;
          CREATE TABLE b (id int); SELECT pg_sleep(1.5)`,
      },
    });
    const database = await createDatabase();
    const tables = () => database.query("SELECT to_regclass('a') AS a, to_regclass('b') AS b");
    const boot = await startBundle({ dir, env: { DATABASE_URL: database.url } });
    await scriptSleeps(database);
    boot.kill('SIGTERM');
    expect(await boot.exit).toMatchObject({ code: 143 });
    expect(await tables()).toEqual([{ a: 'a', b: null }]);
    const next = await runBundle({ dir, args: ['migrate'], env: { DATABASE_URL: database.url } });
    expect(next.code, next.stdout).toBe(0);
    expect(next.logs).toContainEqual(expect.objectContaining({ event: 'resumed', committed: 1 }));
    expect(await tables()).toEqual([{ a: 'a', b: 'b' }]);
    expect(await database.migrations()).toMatchObject([{ migration_name: '0001', finished: true }]);
  });

  test('while a migration runs that cannot be cancelled lets it end, and starts nothing further', async () => {
    const { dir } = await createStandalone({
      migrations: {
        '0001': 'CREATE TABLE a (id int); ROLLBACK; SELECT pg_sleep(1.5); CREATE TABLE b (id int)',
        '0002': 'CREATE TABLE c (id int)',
      },
    });
    const database = await createDatabase();
    const boot = await startBundle({ dir, env: { DATABASE_URL: database.url } });
    await scriptSleeps(database);
    boot.kill('SIGTERM');
    expect(await boot.exit).toMatchObject({ code: 143 });
    expect(await database.migrations()).toMatchObject([{ migration_name: '0001', finished: true }]);
    expect(await database.query("SELECT to_regclass('b') IS NOT NULL AS b, to_regclass('c') AS c")).toEqual([
      { b: true, c: null },
    ]);
  });

  test('during the seed reaches the seed, and no server starts', async () => {
    const { dir } = await createStandalone({ seed: 'hangs' });
    const database = await createDatabase();
    const boot = await startBundle({ dir, env: { DATABASE_URL: database.url } });
    await boot.waitForLine(/hanging/);
    boot.kill('SIGTERM');
    expect(await boot.exit).toMatchObject({ code: 143 });
    expect(boot.processes()).toEqual([]);
    expect(boot.logs.some(({ step }) => step === 'server')).toBe(false);
  });

  test('while the server drains, twice, changes nothing about how it ends', async () => {
    const { dir } = await createStandalone({ server: 'slow' });
    const database = await createDatabase();
    const boot = await startBundle({ dir, env: { DATABASE_URL: database.url, FIXTURE_DRAIN_MS: '500' } });
    await boot.waitForServer();
    boot.kill('SIGTERM');
    await boot.waitForLog({ event: 'draining' });
    boot.kill('SIGTERM');
    expect(await boot.exit).toMatchObject({ code: 143 });
  });
});

/** Waits until a script is in its pg_sleep. */
async function scriptSleeps(database: Database): Promise<void> {
  const asleep = "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()";
  while ((await database.query(asleep)).length === 0);
}
