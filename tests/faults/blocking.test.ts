import { expect, test } from 'vitest';
import { runBundle, startBundle } from '../helpers/bundle.ts';
import { createDatabase } from '../helpers/database.ts';
import { createStandalone } from '../helpers/standalone.ts';
import { report } from './helpers/results.ts';

const INIT = {
  '01_init': 'CREATE TABLE users (id int PRIMARY KEY, name text); INSERT INTO users VALUES (1), (2);',
};
const ALTER = 'ALTER TABLE users ADD COLUMN email text;';

/** A migrated database whose next migration wants a table for itself, and a session that reads that table. */
async function createBlocked() {
  const database = await createDatabase();
  const app = await createStandalone({ migrations: INIT });
  const env = { DATABASE_URL: database.url, ENTRYPOINT_MIGRATE_LOCK_TIMEOUT: '300ms' };
  expect(await runBundle({ dir: app.dir, args: ['migrate'], env })).toMatchObject({ code: 0 });
  await app.addMigration('02_alter', ALTER);
  const holder = await database.connect();
  await holder.query("SET application_name = 'long-report'");
  await holder.query('BEGIN; SELECT * FROM users');
  return { database, app, env, holder };
}

test('a migration that cannot get its lock is rolled back, names who holds it, and is applied once that ends', async () => {
  const { database, app, env, holder } = await createBlocked();
  const boot = await startBundle({ dir: app.dir, args: ['migrate'], env });
  const named = /^pid \d+ \(long-report\) of role \w+, idle in transaction, query since /;
  // On a busy machine the first attempt may be over before the holder was looked for.
  const blocked = await boot.waitForLog(
    ({ event, holder }) => event === 'blocked' && named.test(String(holder)),
  );
  expect(blocked).toMatchObject({ step: 'migrate', migration: '02_alter' });
  await holder.query('COMMIT');
  expect(await boot.exit).toMatchObject({ code: 0 });
  expect(await database.migrations()).toMatchObject([
    { finished: true },
    { finished: true, applied_steps_count: 1 },
  ]);
  report('blocking', 'a lock on a table is held for a while', { tried: 1, manual: 0 });
});

test('readers of the table are served while the lock is not to be had', async () => {
  const { database, app, env, holder } = await createBlocked();
  const boot = await startBundle({ dir: app.dir, args: ['migrate'], env });
  await boot.waitForLog({ step: 'migrate', event: 'blocked' });
  expect(await database.query('SELECT count(*)::int AS n FROM users')).toEqual([{ n: 2 }]);
  expect(await database.migrations()).toHaveLength(1);
  await holder.query('COMMIT');
  expect(await boot.exit).toMatchObject({ code: 0 });
});

test('a lock that is never to be had ends with 75, and nothing of the migration is there', async () => {
  const { database, app, env } = await createBlocked();
  const run = await runBundle({ dir: app.dir, args: ['migrate'], env });
  expect(run).toMatchObject({ code: 75 });
  expect(run.logs.at(-1)).toMatchObject({
    event: 'failed',
    retryable: true,
    error: { code: 'MIGRATION_BLOCKED' },
  });
  expect(await database.migrations()).toHaveLength(1);
});

test('an index build that waits for the snapshot of another session names it, and ends once that does', async () => {
  const { app, env, holder } = await createBlocked();
  await holder.query('COMMIT; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM pg_class');
  await app.addMigration('02_alter', 'CREATE INDEX CONCURRENTLY by_name ON users (name);');
  const boot = await startBundle({ dir: app.dir, args: ['migrate'], env });
  const { msg, holder: named } = await boot.waitForLog({ step: 'migrate', event: 'progress' });
  expect(msg).toMatch(/^02_alter has been running for .*, and waits for pid \d+ \(long-report\) of role \w+/);
  expect(named).toContain('(long-report)');
  await holder.query('COMMIT');
  expect(await boot.exit).toMatchObject({ code: 0 });
});
