import { describe, expect, test } from 'vitest';
import { runBundle, startBundle } from '../../helpers/bundle.ts';
import { createDatabase, createRole } from '../../helpers/database.ts';
import type { AnyProblem } from '../../helpers/problems.ts';
import { createStandalone } from '../../helpers/standalone.ts';

const LOCKS = { 'of our own': 0x7a_61_72_70_65, 'of Prisma’s tools': 72707369 };

test.each(Object.entries(LOCKS))(
  'the lock %s that another holds is waited for, with a line, and taken when it is free',
  async (_, key) => {
    const { dir } = await createStandalone();
    const database = await createDatabase();
    const holder = await database.connect();
    await holder.query(`SET application_name = 'the other'; SELECT pg_advisory_lock(${key})`);
    const boot = await startBundle({ dir, args: ['migrate'], env: { DATABASE_URL: database.url } });
    const waiting = await boot.waitForLog({ step: 'lock', event: 'waiting' });
    expect(waiting.msg).toMatch(/the other/);
    // As when its process is killed.
    await database.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'the other'",
    );
    expect(await boot.exit).toMatchObject({ code: 0 });
    expect(await database.migrations()).toHaveLength(1);
  },
);

test('a lock that is held for too long ends the boot with 75, and names who holds it', async () => {
  const { dir } = await createStandalone();
  const database = await createDatabase();
  const holder = await database.connect();
  await holder.query(`SET application_name = 'the other'; SELECT pg_advisory_lock(${LOCKS['of our own']})`);
  const env = { DATABASE_URL: database.url, ENTRYPOINT_LOCK_TIMEOUT: '300ms' };
  const { code, logs } = await runBundle({ dir, args: ['migrate'], env });
  expect(code).toBe(75);
  expect(logs.at(-1)).toMatchObject({ retryable: true, error: { code: 'LOCK_TIMEOUT' } });
  const [problem] = (logs.at(-1)?.error?.problems ?? []) as AnyProblem[];
  expect(problem?.message).toMatch(
    /^Could not acquire the boot lock within .*: it is held by pid \d+ \(the other\)/,
  );
});

test('the server is told to notice within a minute that the machine of who holds the lock is gone', async () => {
  const keepalives = "SELECT name, setting FROM pg_settings WHERE name LIKE 'tcp\\_%' ORDER BY 1";
  const migrations = {
    '1_first': `CREATE TABLE a AS ${keepalives}; RESET ALL;`,
    '2_next': `CREATE TABLE b AS ${keepalives};`,
  };
  const { dir } = await createStandalone({ migrations });
  const database = await createDatabase();
  const env = { DATABASE_URL: database.url };
  expect(await runBundle({ dir, args: ['migrate'], env })).toMatchObject({ code: 0 });
  for (const table of ['a', 'b']) {
    const rows = await database.query<{ name: string; setting: string }>(`SELECT * FROM ${table}`);
    // What the socket itself says.
    expect(Object.fromEntries(rows.map(({ name, setting }) => [name, Number(setting)]))).toEqual({
      tcp_keepalives_count: 3,
      tcp_keepalives_idle: 30,
      tcp_keepalives_interval: 10,
      tcp_user_timeout: 60_000,
    });
  }
});

describe('a table that another session has for itself', () => {
  /** A migrated database, and a session in a transaction that keeps `users` from everybody. */
  async function createBusy() {
    const { dir } = await createStandalone({ seed: 'works' });
    const database = await createDatabase();
    const env = { DATABASE_URL: database.url, ENTRYPOINT_DB_TIMEOUT: '2s' };
    expect(await runBundle({ dir, args: ['migrate'], env })).toMatchObject({ code: 0 });
    const holder = await database.connect();
    await holder.query("SET application_name = 'the other'");
    const occupy = () => holder.query('BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE');
    return { dir, env, database, holder, occupy };
  }

  test('because it migrates, is waited for in the lock', async () => {
    const { dir, env, holder, occupy } = await createBusy();
    await holder.query(`SELECT pg_advisory_lock(${LOCKS['of our own']})`);
    await occupy();
    const boot = await startBundle({ dir, env });
    expect(await boot.waitForLog({ step: 'database', event: 'done' })).toMatchObject({ busy: true });
    await boot.waitForLog({ step: 'lock', event: 'waiting' });
    await holder.query(
      `INSERT INTO users (email) VALUES ('a@example.org'); COMMIT; SELECT pg_advisory_unlock_all()`,
    );
    await boot.waitForServer();
    const skipped = boot.logs.filter(({ event }) => event === 'skipped').map(({ step }) => step);
    expect(skipped).toEqual(['migrate', 'seed']);
  });

  test('for something else, is waited for under the lock, then named: exit 75', async () => {
    const { dir, env, database, holder, occupy } = await createBusy();
    await occupy();
    const elsewhere = await database.connect();
    await elsewhere.query(
      "SET application_name = 'elsewhere'; CREATE SCHEMA of_another; CREATE TABLE of_another.users ()",
    );
    await elsewhere.query('BEGIN; LOCK TABLE of_another.users');
    for (const args of [['migrate'], ['status'], ['check', '--json']]) {
      const { code, stdout, stderr } = await runBundle({ dir, args, env });
      expect(code).toBe(75);
      expect(stdout + stderr).toContain('LOCK_TIMEOUT');
      expect(stdout + stderr).toMatch(
        /locked: public\.users by pid \d+ \(the other\) of role \w+, idle in transaction/,
      );
      expect(stdout + stderr).not.toContain('elsewhere');
    }
    await holder.query('COMMIT');
    expect(await runBundle({ dir, args: ['status'], env })).toMatchObject({ code: 0 });
  });

  test('does not keep `wait` waiting: the database is there', async () => {
    const { dir, env, occupy } = await createBusy();
    await occupy();
    expect(await runBundle({ dir, args: ['wait'], env })).toMatchObject({ code: 0 });
  });
});

describe.each([
  ['one transaction', 'CREATE TABLE t ();'],
  ['autocommit mode', 'BEGIN; CREATE TABLE t (); ROLLBACK;'],
])('the lock of a script that runs in %s', (_, script) => {
  const SCRIPT_LOCK = 0x73_63_72_69_70;
  const LIMITS = [{ ENTRYPOINT_MIGRATE_LOCK_TIMEOUT: 'off' }, { ENTRYPOINT_MIGRATE_LOCK_TIMEOUT: '100ms' }];

  async function holdAsStranger() {
    const { dir } = await createStandalone({ migrations: { '1_script': script } });
    const database = await createDatabase();
    const [owner, stranger] = [await createRole(), await createRole()];
    await database.query(`ALTER DATABASE ${database.name} OWNER TO ${owner.name}`);
    const holder = await database.connect(database.urlFor(stranger));
    await holder.query(`SET application_name = 'the other'; SELECT pg_advisory_lock(${SCRIPT_LOCK})`);
    return { dir, database, holder, stranger, url: database.urlFor(owner) };
  }

  test.each(LIMITS)(
    'is waited for as long as ENTRYPOINT_LOCK_TIMEOUT says, and its holder named: %j',
    async (limits) => {
      const { dir, database, stranger, url } = await holdAsStranger();
      const env = { DATABASE_URL: url, ENTRYPOINT_LOCK_TIMEOUT: '400ms', ...limits };
      const { code, logs } = await runBundle({ dir, args: ['migrate'], env });
      expect(code).toBe(75);
      const [problem] = (logs.at(-1)?.error?.problems ?? []) as AnyProblem[];
      expect(problem?.message).toContain('ENTRYPOINT_LOCK_TIMEOUT');
      expect(problem?.message).toContain(`(the other) of role ${stranger.name}`);
      expect(await database.migrations()).toEqual([]);
    },
  );

  test.each(LIMITS)('is taken when it is free: %j', async (limits) => {
    const { dir, database, holder, url } = await holdAsStranger();
    const boot = await startBundle({ dir, args: ['migrate'], env: { DATABASE_URL: url, ...limits } });
    await boot.waitForLog({ step: 'migrate', event: 'waiting' });
    await holder.end();
    expect(await boot.exit).toMatchObject({ code: 0 });
    expect(await database.migrations()).toHaveLength(1);
  });
});
