import { expect, test } from 'vitest';
import { runBundle, startBundle } from '../helpers/bundle.ts';
import { createDatabase } from '../helpers/database.ts';
import { createProxy, silentServer } from '../helpers/network.ts';
import { createStandalone } from '../helpers/standalone.ts';
import { report } from './helpers/results.ts';

const MIGRATIONS = {
  '01_init': 'CREATE TABLE users (id int PRIMARY KEY);',
  '02_slow':
    'CREATE TABLE slow (id int); SELECT pg_sleep(0.5); INSERT INTO slow SELECT generate_series(1, 10);',
  '03_last': 'CREATE TABLE last (id int);',
};

/** After a fault: the next start, with nothing in its way, applies each migration once. */
async function expectRecovery(database: Awaited<ReturnType<typeof createDatabase>>, dir: string) {
  const env = { DATABASE_URL: database.url };
  expect(await runBundle({ dir, args: ['migrate'], env })).toMatchObject({ code: 0 });
  const records = await database.migrations();
  expect(records.map(({ migration_name }) => migration_name)).toEqual(Object.keys(MIGRATIONS));
  expect(records.every(({ finished, applied_steps_count }) => finished && applied_steps_count === 1)).toBe(
    true,
  );
  expect(await database.query('SELECT count(*)::int AS n FROM slow')).toEqual([{ n: 10 }]);
}

/** An app whose way to its database is a network that fails on demand. */
async function createRouted() {
  const database = await createDatabase();
  const app = await createStandalone({ migrations: MIGRATIONS });
  const proxy = await createProxy(database);
  const env = { DATABASE_URL: proxy.through(database.url) };
  return { database, app, proxy, migrate: () => startBundle({ dir: app.dir, args: ['migrate'], env }) };
}

test('a port that accepts and says nothing ends the wait at its deadline with 69', async () => {
  const app = await createStandalone({ migrations: MIGRATIONS });
  const { port } = await silentServer();
  const env = {
    DATABASE_URL: `postgresql://user:password-of-the-test@127.0.0.1:${port}/db`,
    ENTRYPOINT_DB_TIMEOUT: '1s',
  };
  expect(await runBundle({ dir: app.dir, args: ['migrate'], env })).toMatchObject({ code: 69 });
});

test('connections that are reset until the network heals are waited out', async () => {
  const { database, app, proxy, migrate } = await createRouted();
  proxy.reset();
  const boot = await migrate();
  await boot.waitForLog({ step: 'database', event: 'retry' });
  proxy.heal();
  expect(await boot.exit).toMatchObject({ code: 0 });
  await expectRecovery(database, app.dir);
  report('network', 'connections reset while the database is waited for', { tried: 1, manual: 0 });
});

test('a connection that is reset in the middle of a script ends with 75, and the next start goes on', async () => {
  const { database, app, proxy, migrate } = await createRouted();
  const boot = await migrate();
  await proxy.waitForClientText(/CREATE TABLE slow/);
  proxy.reset();
  expect(await boot.exit).toMatchObject({ code: 75 });
  await expectRecovery(database, app.dir);
  report('network', 'connection reset in the middle of a script', { tried: 1, manual: 0 });
});

test.each([1, 7, 60, 400])(
  'a connection whose answers are cut after %i bytes is made again',
  async (bytes) => {
    const { database, app, proxy, migrate } = await createRouted();
    proxy.cutAfterBytes(bytes);
    const boot = await migrate();
    await boot.waitForLog({ step: 'database', event: 'retry' });
    proxy.heal();
    expect(await boot.exit).toMatchObject({ code: 0 });
    await expectRecovery(database, app.dir);
    report('network', 'answer cut in the middle of a packet', { tried: 1, manual: 0 });
  },
);
