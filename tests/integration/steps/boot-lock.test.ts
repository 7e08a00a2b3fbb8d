import { describe, expect, test } from 'vitest';
import { runBundle, startBundle } from '../../helpers/bundle.ts';
import { createDatabase, createRole, type Database } from '../../helpers/database.ts';
import type { AnyProblem } from '../../helpers/problems.ts';
import { createStandalone, USERS_MIGRATION } from '../../helpers/standalone.ts';

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

test('the session of the lock asks the server to notice within a minute that its machine is gone', async () => {
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

  test.each(['2s', '0s'])(
    'because it migrates, is waited for in the lock, with ENTRYPOINT_DB_TIMEOUT=%s',
    async (timeout) => {
      const { dir, env, holder, occupy } = await createBusy();
      await holder.query(`SELECT pg_advisory_lock(${LOCKS['of our own']})`);
      await occupy();
      const boot = await startBundle({ dir, env: { ...env, ENTRYPOINT_DB_TIMEOUT: timeout } });
      expect(await boot.waitForLog({ step: 'database', event: 'done' })).toMatchObject({ busy: true });
      await boot.waitForLog({ step: 'lock', event: 'waiting' });
      await holder.query(
        `INSERT INTO users (email) VALUES ('a@example.org'); COMMIT; SELECT pg_advisory_unlock_all()`,
      );
      await boot.waitForServer();
      const skipped = boot.logs.filter(({ event }) => event === 'skipped').map(({ step }) => step);
      expect(skipped).toEqual(['migrate', 'seed']);
    },
  );

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

describe('the locks that a migration releases', () => {
  const UNLOCK = 'SELECT pg_advisory_unlock_all();';
  /** A migrated database with two tables, each of which a session keeps from the migrations that come next. */
  async function prepare(migrations: Record<string, string>) {
    const app = await createStandalone({ migrations: { '1_base': 'CREATE TABLE a (); CREATE TABLE b ();' } });
    const database = await createDatabase();
    const env = { DATABASE_URL: database.url };
    expect(await runBundle({ dir: app.dir, args: ['migrate'], env })).toMatchObject({ code: 0 });
    const [first, second] = [await database.connect(), await database.connect()];
    await first.query('BEGIN; LOCK TABLE a IN ACCESS SHARE MODE');
    await second.query('BEGIN; LOCK TABLE b IN ACCESS SHARE MODE');
    for (const [name, script] of Object.entries(migrations)) await app.addMigration(name, script);
    const start = (more: Record<string, string> = {}) =>
      startBundle({ dir: app.dir, args: ['migrate'], env: { ...env, ...more } });
    const untilWaiting = (what: string) =>
      expect
        .poll(() => database.query(`SELECT 1 AS n FROM pg_locks WHERE NOT granted AND ${what}`))
        .toEqual([{ n: 1 }]);
    return { database, start, first, second, untilWaiting };
  }

  test.each(
    Object.entries({
      'one transaction': { '2_a': `${UNLOCK} ALTER TABLE a ADD n int;`, '3_b': 'ALTER TABLE b ADD n int;' },
      'transactions of its own': {
        '2_a': `BEGIN; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; ${UNLOCK} SELECT count(*) FROM a; ALTER TABLE a ADD n int; COMMIT;
        BEGIN; SET LOCAL work_mem = '1MB'; ALTER TABLE b ADD n int; COMMIT;`,
      },
    }),
  )('stay with it in %s: no other replica migrates meanwhile, nor after it', async (_, migrations) => {
    const { database, start, first, second, untilWaiting } = await prepare(migrations);
    const boot = await start();
    await untilWaiting(`relation = 'a'::regclass`);
    const waits = [await start()];
    await waits[0]?.waitForLog({ step: 'lock', event: 'waiting' });
    await first.query('COMMIT');
    await untilWaiting(`relation = 'b'::regclass`);
    waits.push(await start());
    await waits[1]?.waitForLog({ step: 'lock', event: 'waiting' });
    await second.query('COMMIT');
    expect((await boot.exit).code, boot.stdout).toBe(0);
    for (const other of waits) {
      expect((await other.exit).code, other.stdout).toBe(0);
      expect(other.stdout).toContain('another replica has just applied it');
    }
    const names = (await database.migrations()).map(({ migration_name }) => migration_name);
    expect(names).toEqual(['1_base', ...Object.keys(migrations)]);
  });

  describe('by a trigger of an earlier one, which its own text does not tell of', () => {
    const TRIGGER = `CREATE FUNCTION unlock() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN PERFORM pg_advisory_unlock_all(); RETURN NEW; END';
      CREATE TRIGGER unlocks BEFORE INSERT ON b FOR EACH ROW EXECUTE FUNCTION unlock()`;

    /** Waits in the server for the boot lock, and so has it as soon as nobody else does. */
    async function queueForBootLock(database: Database) {
      const other = await database.connect();
      await other.query("SET application_name = 'the other'");
      return { other, acquired: other.query(`SELECT pg_advisory_lock(${LOCKS['of our own']})`) };
    }

    async function expectBlocked(boot: Awaited<ReturnType<typeof startBundle>>) {
      expect((await boot.exit).code, boot.describe()).toBe(75);
      expect(boot.logs.at(-1)).toMatchObject({ retryable: true, error: { code: 'MIGRATION_BLOCKED' } });
      const [problem] = (boot.logs.at(-1)?.error?.problems ?? []) as AnyProblem[];
      expect(problem?.message).toMatch(
        /^A migration released the boot lock .* held by pid \d+ \(the other\)/,
      );
    }

    test.each(
      Object.entries({
        'one transaction': 'INSERT INTO b DEFAULT VALUES; ALTER TABLE a ADD n int',
        'transactions of its own': `BEGIN; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; INSERT INTO b DEFAULT VALUES; COMMIT;
          BEGIN; ALTER TABLE a ADD n int; COMMIT`,
      }),
    )('are ours until the boot is done: %s', async (_, script) => {
      const { database, start, first, second, untilWaiting } = await prepare({
        '2_trigger': TRIGGER,
        '3_fires': script,
        '4_more': 'CREATE TABLE c ()',
      });
      await second.query('COMMIT');
      const boot = await start();
      await untilWaiting(`relation = 'a'::regclass`);
      const { other, acquired } = await queueForBootLock(database);
      await untilWaiting("locktype = 'advisory'");
      await first.query('COMMIT');
      expect((await boot.exit).code, boot.describe()).toBe(0);
      await acquired;
      await other.end();
      expect((await database.migrations()).map(({ migration_name }) => migration_name)).toEqual([
        '1_base',
        '2_trigger',
        '3_fires',
        '4_more',
      ]);
    });

    test.each(
      Object.entries({
        'the next migration': 'INSERT INTO b DEFAULT VALUES; ALTER TABLE a ADD n int',
        'its next transaction': `BEGIN; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; INSERT INTO b DEFAULT VALUES;
          ALTER TABLE a ADD n int; COMMIT; BEGIN; CREATE TABLE c (); COMMIT`,
      }),
    )(
      'and left to another session by one that fires at the commit, end the boot with 75 before %s',
      async (_, script) => {
        const { database, start, first, second, untilWaiting } = await prepare({
          '2_trigger': TRIGGER.replace('CREATE TRIGGER', 'CREATE CONSTRAINT TRIGGER')
            .replace('BEFORE', 'AFTER')
            .replace('FOR EACH', 'DEFERRABLE INITIALLY DEFERRED FOR EACH'),
          '3_fires': script,
          '4_more': 'CREATE TABLE c ()',
        });
        await second.query('COMMIT');
        const boot = await start();
        await untilWaiting(`relation = 'a'::regclass`);
        const { acquired } = await queueForBootLock(database);
        await untilWaiting("locktype = 'advisory'");
        await first.query('COMMIT');
        await acquired;
        await expectBlocked(boot);
        expect(await database.query("SELECT to_regclass('c') AS c")).toEqual([{ c: null }]);
      },
    );

    test('and left to another session by a rollback, end the boot with 75, which names it, at the next attempt', async () => {
      const { database, start, second, untilWaiting } = await prepare({
        '2_trigger': TRIGGER,
        '3_fires': 'INSERT INTO b DEFAULT VALUES; ALTER TABLE a ADD n int',
      });
      await second.query('COMMIT');
      const boot = await start({ ENTRYPOINT_MIGRATE_LOCK_TIMEOUT: '3s' });
      await untilWaiting(`relation = 'a'::regclass`);
      await (await queueForBootLock(database)).acquired;
      expect((await boot.exit).code, boot.describe()).toBe(75);
      expect(boot.logs.at(-1)).toMatchObject({ retryable: true, error: { code: 'MIGRATION_BLOCKED' } });
      const [problem] = (boot.logs.at(-1)?.error?.problems ?? []) as AnyProblem[];
      expect(problem?.message).toMatch(
        /^A migration released the boot lock .* held by pid \d+ \(the other\)/,
      );
    });
  });

  test.each(['DISCARD ALL', `DO $$ BEGIN PERFORM pg_advisory_unlock_all(); COMMIT; END $$`])(
    'are taken back after %s in autocommit mode',
    async (script) => {
      const { start, first, second, untilWaiting } = await prepare({
        '2_out': script,
        '3_b': 'ALTER TABLE b ADD n int',
      });
      await first.query('COMMIT');
      const boot = await start();
      await untilWaiting(`relation = 'b'::regclass`);
      const other = await start();
      await other.waitForLog({ step: 'lock', event: 'waiting' });
      await second.query('COMMIT');
      for (const { exit } of [boot, other]) expect(await exit).toMatchObject({ code: 0 });
    },
  );

  test('released by a block that goes on, let another replica find its open record: 65, until it has ended', async () => {
    const { start, first, second, untilWaiting } = await prepare({
      '2_out': 'DO $$ BEGIN PERFORM pg_advisory_unlock_all(); COMMIT; ALTER TABLE a ADD n int; END $$',
      '3_b': 'ALTER TABLE b ADD n int',
    });
    await second.query('COMMIT');
    const boot = await start();
    await untilWaiting(`relation = 'a'::regclass`);
    const other = await start();
    expect((await other.exit).code, other.describe()).toBe(65);
    expect(other.logs.at(-1)).toMatchObject({ error: { code: 'MIGRATION_UNRESOLVED' } });
    await first.query('COMMIT');
    expect((await boot.exit).code, boot.describe()).toBe(0);
    expect(await (await start()).exit).toMatchObject({ code: 0 });
  });

  test.each(Object.entries(LOCKS))(
    '%s, and another session acquires before they are taken back, end the boot with 75, and nothing more is applied',
    async (_, key) => {
      const { database, start, first, untilWaiting } = await prepare({
        '2_a': 'ALTER TABLE a ADD n int',
        '3_out': 'DISCARD ALL',
        '4_more': 'CREATE TABLE c ()',
      });
      const boot = await start();
      await untilWaiting(`relation = 'a'::regclass`);
      const other = await database.connect();
      await other.query("SET application_name = 'the other'");
      const acquired = other.query(`SELECT pg_advisory_lock(${key})`);
      await untilWaiting("locktype = 'advisory'");
      await first.query('COMMIT');
      await acquired;
      expect((await boot.exit).code, boot.stdout).toBe(75);
      expect(boot.logs.at(-1)).toMatchObject({ retryable: true, error: { code: 'MIGRATION_BLOCKED' } });
      const [problem] = (boot.logs.at(-1)?.error?.problems ?? []) as AnyProblem[];
      expect(problem?.message).toMatch(/^A migration released the .* it is held by pid \d+ \(the other\)/);
      const names = (await database.migrations()).map(({ migration_name }) => migration_name);
      expect(names).toEqual(['1_base', '2_a', '3_out']);
    },
  );

  test('are waited for again before the seed where a failed migration left them to another replica', async () => {
    const app = await createStandalone({
      migrations: { '1_users': USERS_MIGRATION, '2_a': 'CREATE TABLE a ()' },
      seed: 'works',
    });
    const database = await createDatabase();
    const env = { DATABASE_URL: database.url, ENTRYPOINT_MIGRATE_ON_ERROR: 'continue' };
    expect(await runBundle({ dir: app.dir, args: ['migrate'], env })).toMatchObject({ code: 0 });
    const blocker = await database.connect();
    await blocker.query('BEGIN; LOCK TABLE a IN ACCESS SHARE MODE');
    await app.addMigration('3_fails', `${UNLOCK} ALTER TABLE a ADD n int; SELECT 1 / 0`);
    const boot = await startBundle({ dir: app.dir, env });
    await expect
      .poll(() =>
        database.query("SELECT 1 AS n FROM pg_locks WHERE NOT granted AND relation = 'a'::regclass"),
      )
      .toEqual([{ n: 1 }]);
    const other = await database.connect();
    const acquired = other.query(`SELECT pg_advisory_lock(${LOCKS['of our own']})`);
    await expect
      .poll(() => database.query("SELECT 1 AS n FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"))
      .toEqual([{ n: 1 }]);
    await blocker.query('COMMIT');
    await acquired;
    await boot.waitForLog({ step: 'lock', event: 'waiting' });
    expect(await database.query('SELECT count(*)::int AS n FROM users')).toEqual([{ n: 0 }]);
    await other.query('SELECT pg_advisory_unlock_all()');
    await boot.waitForServer();
    expect(await database.query('SELECT count(*)::int AS n FROM users')).not.toEqual([{ n: 0 }]);
  });
});
