import { describe, expect, test } from 'vitest';
import { runBundle, startBundle } from '../../helpers/bundle.ts';
import { createDatabase, createRole } from '../../helpers/database.ts';
import { createStandalone } from '../../helpers/standalone.ts';

async function migrate(script: string) {
  const app = await createStandalone({
    migrations: { '1_base': 'CREATE TABLE items (n int, label text)', '2_last': script },
  });
  const database = await createDatabase();
  const run = await runBundle({ dir: app.dir, args: ['migrate'], env: { DATABASE_URL: database.url } });
  const records = await database.migrations();
  return { run, database, last: records.find(({ migration_name }) => migration_name === '2_last') };
}

describe('a script that psql runs is applied, and keeps its record, though it', () => {
  test.each([
    ['is a ROLLBACK alone', 'ROLLBACK;'],
    ['rolls back what it did', 'BEGIN; CREATE TABLE gone (); ROLLBACK;'],
    ['is a COMMIT alone', 'COMMIT;'],
    ['prepares no transaction', "PREPARE TRANSACTION 'none';"],
    ['has a transaction that only reads', 'BEGIN READ ONLY; SELECT 1; COMMIT; CREATE TABLE a ();'],
    ['only reads from there on', 'CREATE TABLE a (); SET transaction_read_only = on;'],
    ['empties the history', 'TRUNCATE _prisma_migrations; CREATE TABLE a ();'],
    ['empties the history, as it is written', 'BEGIN; DELETE FROM _prisma_migrations; COMMIT AND NO CHAIN;'],
    [
      'empties the history in one of its transactions',
      'BEGIN; DELETE FROM _prisma_migrations; SET LOCAL lock_timeout = 0; COMMIT; BEGIN; SELECT 1; COMMIT;',
    ],
  ])('%s', async (_title, script) => {
    const { run, last } = await migrate(script);
    expect(run.code, run.stdout).toBe(0);
    expect(last).toMatchObject({ finished: true, rolled_back: false, logs: null });
  });
});

describe('a script of several transactions that makes its tables as another role is applied, and recorded as ours, with', () => {
  test.each([
    [
      'SET LOCAL ROLE in each',
      'BEGIN; SET LOCAL ROLE %; CREATE TABLE a (); COMMIT; BEGIN; SET LOCAL ROLE %; CREATE TABLE b (); COMMIT',
    ],
    [
      'SET LOCAL SESSION AUTHORIZATION in each',
      'BEGIN; SET LOCAL SESSION AUTHORIZATION %; CREATE TABLE a (); COMMIT; SET LOCAL SESSION AUTHORIZATION %; CREATE TABLE b ()',
    ],
    [
      'SET ROLE in the first',
      'BEGIN; SET ROLE %; SAVEPOINT s; CREATE TABLE a (); COMMIT; CREATE TABLE b (); COMMIT; SELECT 1',
    ],
    [
      'SET SESSION AUTHORIZATION in the first, and an isolation in the second',
      'SET SESSION AUTHORIZATION %; CREATE TABLE a (); COMMIT; BEGIN ISOLATION LEVEL SERIALIZABLE; CREATE TABLE b (); COMMIT',
    ],
  ])('%s', async (_title, script) => {
    const { name } = await createRole();
    const app = await createStandalone({
      migrations: {
        '1_base': `GRANT CREATE ON SCHEMA public TO ${name}`,
        '2_last': script.replaceAll('%', name),
      },
    });
    const database = await createDatabase();
    const run = await runBundle({ dir: app.dir, args: ['migrate'], env: { DATABASE_URL: database.url } });
    expect(run.code, run.stdout).toBe(0);
    expect((await database.migrations()).at(-1)).toMatchObject({ finished: true, logs: null });
    expect(
      await database.query(
        "SELECT relname, pg_get_userbyid(relowner) AS owner FROM pg_class WHERE relname IN ('a', 'b') ORDER BY 1",
      ),
    ).toEqual([
      { relname: 'a', owner: name },
      { relname: 'b', owner: name },
    ]);
  });
});

const ROW =
  "INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at) VALUES ('a', 'x', 'y', now());";

test.each([
  ['in one transaction', `${ROW} ${ROW}`],
  ['in transactions of its own', `BEGIN; SET LOCAL lock_timeout = 0; ${ROW} COMMIT; BEGIN; ${ROW} COMMIT;`],
])('a script that violates the key of the history itself, %s, has failed: 65', async (_title, script) => {
  const { run } = await migrate(script);
  expect(run.code, run.stdout).toBe(65);
  expect(run.stdout).toContain('_prisma_migrations_pkey');
});

describe('a script that only psql can run ends with 65, nothing of it is left, and the message says why:', () => {
  test.each([
    [
      'a command of psql',
      '\\restrict abc\nCREATE TABLE a ();',
      'NOTE: Lines that begin with a backslash are commands of psql',
    ],
    [
      'rows for COPY',
      'COPY items FROM STDIN;\n1\ta\n\\.\n',
      'NOTE: Only psql reads the rows that follow COPY … FROM STDIN',
    ],
    [
      'a DO block that commits, beside others',
      'SELECT 1; DO $$ BEGIN COMMIT; END $$;',
      'NOTE: A procedure or a DO block that commits must be the only statement',
    ],
  ])('%s', async (_title, script, note) => {
    const { run, last } = await migrate(script);
    expect(run.code, run.stdout).toBe(65);
    expect(run.stdout).toContain(note);
    expect(run.stdout).toContain('Nothing of it was applied');
    expect(last).toBeUndefined();
  });
});

test.each(['CREATE TABLE a (); /* never closed', "SELECT 'never closed", 'SELECT $a$ never closed'])(
  'the message of %s shows the script alone, nothing that is sent with it',
  async (script) => {
    const { run } = await migrate(script);
    expect(run.code, run.stdout).toBe(65);
    const message = JSON.stringify(run.logs.find(({ event }) => event === 'failed'));
    expect(message).toContain('unterminated');
    expect(message).not.toMatch(/SET LOCAL|_prisma_migrations/);
  },
);

test('the query that runs a script begins with the name of its migration, on one line', async () => {
  const app = await createStandalone({ migrations: { '1_base': 'CREATE TABLE items (n int)' } });
  const database = await createDatabase();
  const env = { DATABASE_URL: database.url };
  expect(await runBundle({ dir: app.dir, args: ['migrate'], env })).toMatchObject({ code: 0 });
  await app.addMigration('2_a\nSELECT 1; --', 'ALTER TABLE items ADD COLUMN label text');
  const blocker = await database.connect();
  await blocker.query('BEGIN; LOCK TABLE items');
  const boot = await startBundle({ dir: app.dir, args: ['migrate'], env });
  const waiting = `SELECT query FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  await expect.poll(() => database.query(waiting)).toHaveLength(1);
  const [seen] = await database.query<{ query: string }>(waiting);
  expect(seen?.query).toMatch(/^-- migration 2_a\\x0aSELECT 1; --\nBEGIN;/);
  await blocker.query('COMMIT');
  expect(await boot.exit).toMatchObject({ code: 0 });
});

test('a trigger that forgets what the session has prepared stands in the way of no later migration', async () => {
  const app = await createStandalone({
    migrations: {
      '1_trigger': `CREATE TABLE items (n int); CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN EXECUTE 'DEALLOCATE ALL'; RETURN new; END $$;
        CREATE TRIGGER forgets BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION forget()`,
      '2_fires': 'INSERT INTO items VALUES (1)',
      '3_next': 'INSERT INTO items VALUES (2)',
    },
  });
  const database = await createDatabase();
  const env = { DATABASE_URL: database.url };
  const { code, stdout } = await runBundle({ dir: app.dir, args: ['migrate'], env });
  expect(code, stdout).toBe(0);
  expect(await database.query('SELECT n FROM items ORDER BY n')).toEqual([{ n: 1 }, { n: 2 }]);
});
