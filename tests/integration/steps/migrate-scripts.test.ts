import { describe, expect, test } from 'vitest';
import { runBundle } from '../../helpers/bundle.ts';
import { createDatabase } from '../../helpers/database.ts';
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
