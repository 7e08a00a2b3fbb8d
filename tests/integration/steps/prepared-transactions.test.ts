import { beforeAll, expect, test } from 'vitest';
import { runBundle, startBundle } from '../../helpers/bundle.ts';
import { createDatabase, type Database } from '../../helpers/database.ts';
import { type PostgresServer, startServer } from '../../helpers/postgres.ts';
import { createStandalone } from '../../helpers/standalone.ts';

/** The names of prepared transactions are the server's, not the database's. */
const prepare = (name: string) =>
  `BEGIN; CREATE TABLE half (n int); ALTER TABLE items ADD m int; PREPARE TRANSACTION 'it''s ${name}'`;

let server: PostgresServer;
beforeAll(async () => {
  server = await startServer({ settings: { max_prepared_transactions: '5' } });
});

async function migrateAll(scripts: Record<string, string>, at: { server?: PostgresServer } = { server }) {
  const database = await createDatabase(at);
  const app = await createStandalone({
    migrations: { '1_base': 'CREATE TABLE items (n int)', ...scripts },
  });
  const env = { DATABASE_URL: database.url };
  return { database, app, env, run: await runBundle({ dir: app.dir, args: ['migrate'], env }) };
}

const recordsOf = async (database: Database) =>
  (await database.migrations()).map(({ migration_name, finished }) => `${migration_name} ${finished}`);
const preparedIn = (database: Database) =>
  database.query('SELECT gid FROM pg_prepared_xacts WHERE database = current_database()');

test('a warning names a transaction that a script prepared, its locks, and the statement that ends it', async () => {
  const { run, database } = await migrateAll({ '2_prepare': prepare('left') });
  expect(run.code, run.stdout).toBe(0);
  const told = run.logs.find(({ event }) => event === 'prepared');
  expect(told).toMatchObject({ level: 'warn', migration: '2_prepare' });
  expect(told?.msg).toContain(
    "COMMIT PREPARED 'it''s left' or ROLLBACK PREPARED 'it''s left' (pg_prepared_xacts)",
  );
  expect(await preparedIn(database)).toEqual([{ gid: "it's left" }]);
});

test('a migration of its own ends it', async () => {
  const { run, database } = await migrateAll({
    '2_prepare': prepare('ended'),
    '3_commit': "COMMIT PREPARED 'it''s ended'",
    '4_after': 'ALTER TABLE half ADD o int',
  });
  expect(run.code, run.stdout).toBe(0);
  expect(await preparedIn(database)).toEqual([]);
  expect(await database.query('SELECT n, o FROM half')).toEqual([]);
});

test('a script that waits for its locks says whose they are', async () => {
  const { app, env, run } = await migrateAll({ '2_prepare': prepare('in the way') });
  expect(run.code, run.stdout).toBe(0);
  await app.addMigration('3_alter', 'ALTER TABLE items ADD o int');
  const boot = await startBundle({
    dir: app.dir,
    args: ['migrate'],
    env: { ...env, ENTRYPOINT_MIGRATE_LOCK_TIMEOUT: '300ms' },
  });
  await boot.waitForLog(
    ({ msg }) => msg?.includes("held by prepared transaction 'it''s in the way' of role") === true,
  );
});

test('COMMIT PREPARED beside its PREPARE never runs: it is refused before anything of it does, and by check', async () => {
  const { run, app, env, database } = await migrateAll({
    '2_both': `${prepare('never')};\nCOMMIT PREPARED 'it''s never';`,
  });
  expect(run.code, run.stdout).toBe(65);
  expect(JSON.stringify(run.logs)).toContain(
    'line 2: COMMIT or ROLLBACK PREPARED must be the only statement of its migration',
  );
  expect(await preparedIn(database)).toEqual([]);
  expect(await recordsOf(database)).toEqual(['1_base true']);
  expect((await runBundle({ dir: app.dir, args: ['check'], env })).code).toBe(65);
});

test('a server that prepares none refuses the script, and nothing of it is left', async () => {
  const { run, database } = await migrateAll({ '2_prepare': prepare('refused') }, {});
  expect(run.code, run.stdout).toBe(65);
  expect(run.stdout).toContain('prepared transactions are disabled');
  expect(run.stdout).toContain('Nothing of it was applied');
  expect(await recordsOf(database)).toEqual(['1_base true']);
});
