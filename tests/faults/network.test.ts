import { describe, expect, test } from 'vitest';
import { type BundleOutput, runBundle, startBundle } from '../helpers/bundle.ts';
import { createDatabase } from '../helpers/database.ts';
import { createProxy, type HoleOptions, silentServer } from '../helpers/network.ts';
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

function failureOf({ logs }: BundleOutput): string | undefined {
  return logs.at(-1)?.msg;
}

/** An app whose way to its database is a network that fails on demand. */
async function createRouted() {
  const database = await createDatabase();
  const app = await createStandalone({ migrations: MIGRATIONS });
  const proxy = await createProxy(database);
  const route = { DATABASE_URL: proxy.through(database.url) };
  const run = (args: string[], env: Record<string, string> = {}) =>
    startBundle({ dir: app.dir, args, env: { ...route, ...env } });
  const migrate = (env?: Record<string, string>) => run(['migrate'], env);
  return { database, app, proxy, run, migrate };
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
  await proxy.heal();
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
    await proxy.heal();
    expect(await boot.exit).toMatchObject({ code: 0 });
    await expectRecovery(database, app.dir);
    report('network', 'answer cut in the middle of a packet', { tried: 1, manual: 0 });
  },
);

test('a network that is slow is one that works', async () => {
  const { database, app, proxy, migrate } = await createRouted();
  proxy.latency(100);
  expect(await (await migrate()).exit).toMatchObject({ code: 0 });
  await expectRecovery(database, app.dir);
  report('network', 'every packet is late', { tried: 1, manual: 0 });
});

test('one that is slower than the database is waited for ends the wait with 69', async () => {
  const { proxy, migrate } = await createRouted();
  proxy.latency(1000);
  const boot = await migrate({ ENTRYPOINT_DB_TIMEOUT: '500ms' });
  expect(await boot.exit).toMatchObject({ code: 69 });
  expect(failureOf(boot)).toMatch(/no answer within/);
});

const SURVEY = /json_build_object/;
const LOCK = new RegExp(`pg_try_advisory_lock\\(${0x7a_61_72_70_65}\\b`);
const ENGINE = /CREATE TABLE .*_prisma_migrations/s;
const SCRIPT = /CREATE TABLE slow/;

const NO_ANSWER = /no answer within/;
const NEVER_CAME = /the server finished the script, but its answer never arrived/;

describe('a network that swallows everything without a word, from', () => {
  const holes: [string, RegExp, HoleOptions, number, RegExp][] = [
    ['the survey on', SURVEY, {}, 69, NO_ANSWER],
    ['the answer to the survey on', SURVEY, { loses: 'answers' }, 69, NO_ANSWER],
    ['the boot lock on', LOCK, {}, 75, NO_ANSWER],
    ['the answer to the boot lock on', LOCK, { loses: 'answers' }, 75, NO_ANSWER],
    ['the engine’s own table on', ENGINE, {}, 75, NO_ANSWER],
    ['a script on', SCRIPT, {}, 75, NO_ANSWER],
    ['a script on, for its connection alone', SCRIPT, { on: 'its connection' }, 75, NEVER_CAME],
    ['the answer to a script’s commit on', SCRIPT, { loses: 'answers' }, 75, NO_ANSWER],
    [
      'the answer to a script’s commit on, for its connection alone',
      SCRIPT,
      { loses: 'answers', on: 'its connection' },
      75,
      NEVER_CAME,
    ],
  ];

  test.each(holes)(
    '%s, ends the boot in bounded time, and the next start goes on',
    async (title, ...hole) => {
      const [pattern, options, code, got] = hole;
      const { database, app, proxy, migrate } = await createRouted();
      proxy.blackholeAt(pattern, options);
      const boot = await migrate({
        ENTRYPOINT_DB_TIMEOUT: '1500ms',
        ENTRYPOINT_MIGRATE_LOCK_TIMEOUT: '200ms',
      });
      expect(await boot.exit, boot.describe()).toMatchObject({ code });
      expect(failureOf(boot)).toMatch(got);
      expect(boot.logs.at(-1)).toMatchObject({
        retryable: true,
        error: { code: code === 69 ? 'DATABASE_UNAVAILABLE' : 'DATABASE_CONNECTION_LOST' },
      });
      // The server hears at last that its client is gone.
      await proxy.heal();
      await expectRecovery(database, app.dir);
      report('network', `nothing comes through, from ${title}`, { tried: 1, manual: 0 });
    },
  );
});

test('one that swallows the word of `resolve` ends it with 75, and it can be said again', async () => {
  const { database, app, proxy, run } = await createRouted();
  expect(await (await run(['migrate'])).exit).toMatchObject({ code: 0 });
  await database.query("UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = '03_last'");
  proxy.blackholeAt(/UPDATE .*_prisma_migrations/s);
  const resolve = ['resolve', '--applied', '03_last'];
  const boot = await run(resolve, { ENTRYPOINT_DB_TIMEOUT: '1s' });
  expect(await boot.exit).toMatchObject({ code: 75 });
  expect(failureOf(boot)).toMatch(NO_ANSWER);
  await proxy.heal();
  const env = { DATABASE_URL: database.url };
  expect(await runBundle({ dir: app.dir, args: resolve, env })).toMatchObject({ code: 0 });
});

test('a connection that a device in between has forgotten is made again', async () => {
  const { database, app, proxy, migrate } = await createRouted();
  proxy.blackholeAt(SURVEY, { on: 'its connection' });
  const url = new URL(proxy.through(database.url));
  url.searchParams.set('connect_timeout', '1');
  const boot = await migrate({ DATABASE_URL: url.href });
  await boot.waitForLog({ step: 'database', event: 'retry' });
  expect(await boot.exit).toMatchObject({ code: 0 });
  await expectRecovery(database, app.dir);
  report('network', 'a connection forgotten by a device in between', { tried: 1, manual: 0 });
});
