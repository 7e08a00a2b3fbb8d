import { beforeAll, describe, expect, test } from 'vitest';
import { runBundle, startBundle } from '../../helpers/bundle.ts';
import { createDatabase, createRole, type Database, type Role } from '../../helpers/database.ts';
import { createStandalone, type Standalone } from '../../helpers/standalone.ts';

let app: Standalone;
let [ours, theirs]: Role[] = [];
beforeAll(async () => {
  [ours, theirs] = [await createRole(), await createRole()];
  app = await createStandalone({ seed: 'works', migrations: { '0001': 'SELECT 1' }, server: 'crashing' });
});

/** `evil` says in the table `reached` as whom it ran; it counts as immutable, so that the planner runs it. */
const EVIL = `CREATE FUNCTION reach() RETURNS int VOLATILE LANGUAGE plpgsql AS
    'BEGIN INSERT INTO watch.reached VALUES (current_user); RETURN 1; END';
  CREATE FUNCTION evil(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN public.reach(); END';`;

/** Each makes a table whose plan runs `evil`. */
const PLANNED: Record<string, (table: string) => string> = {
  'the expression of an index': (table) =>
    `CREATE TABLE ${table} (id int); CREATE INDEX ON ${table} ((id + evil(1)))`,
  'the expressions of extended statistics': (table) =>
    `CREATE TABLE ${table} (id int, b int); INSERT INTO ${table} SELECT n, n FROM generate_series(1, 100) AS n;
     CREATE STATISTICS ON (id + evil(1)), (b + evil(2)) FROM ${table}; ANALYZE ${table}`,
  'the key of its partitions': (table) =>
    `CREATE TABLE ${table} (id int) PARTITION BY RANGE ((id + evil(1))); CREATE TABLE ${table}_1 PARTITION OF ${table} DEFAULT`,
};

async function prepare() {
  const database = await createDatabase();
  await database.query(`GRANT CREATE ON SCHEMA public TO ${ours?.name}, ${theirs?.name};
    CREATE SCHEMA watch; GRANT USAGE ON SCHEMA watch TO PUBLIC;
    CREATE TABLE watch.reached (role text); GRANT INSERT ON watch.reached TO PUBLIC`);
  const attacker = await database.connect(database.urlFor(theirs));
  await attacker.query(EVIL);
  const env = {
    DATABASE_URL: database.urlFor(ours),
    ENTRYPOINT_DB_TIMEOUT: '20s',
    FIXTURE_EXIT_CODE: '0',
    ENTRYPOINT_SEED_COMMAND: 'node -e 0',
  };
  const run = (args: string[], more: Record<string, string> = {}) =>
    runBundle({ dir: app.dir, args, env: { ...env, ...more } });
  const migrated = await run(['migrate']);
  expect(migrated.code, migrated.stdout).toBe(0);
  return { database, attacker, env, run };
}

/** Whether one of theirs has run with our rights. */
async function isReached(database: Database): Promise<boolean> {
  const rows = await database.query(`SELECT FROM watch.reached WHERE role = '${ours?.name}'`);
  return rows.length > 0;
}

describe.each(Object.entries(PLANNED))('of a table of another role with a function in %s', (_, make) => {
  test('nothing is run as the user table: 73 in check and boot, with what to do', async () => {
    const { database, attacker, run } = await prepare();
    await attacker.query(`${make('users')}; GRANT SELECT ON users TO PUBLIC`);
    expect((await run(['status'])).code).toBe(0);
    for (const args of [['check'], ['start']]) {
      const { code, stdout } = await run(args);
      expect(code, stdout).toBe(73);
      expect(stdout).toContain(theirs?.name);
      expect(stdout).toMatch(/ALTER TABLE (public\.)?users OWNER TO/);
    }
    for (const mode of ['never', 'always']) {
      expect((await run(['start'], { ENTRYPOINT_SEED: mode })).code).toBe(0);
    }
    expect(await isReached(database)).toBe(false);
  });

  test('nothing is run as the table that ENTRYPOINT_SEED_TABLE names', async () => {
    const { database, attacker, run } = await prepare();
    await attacker.query(`${make('people')}; GRANT SELECT ON people TO PUBLIC`);
    for (const args of [['check'], ['start']])
      expect((await run(args, { ENTRYPOINT_SEED_TABLE: 'people' })).code).toBe(73);
    expect(await isReached(database)).toBe(false);
  });

  test('nothing is run where the tables there are get listed', async () => {
    const { database, attacker, run } = await prepare();
    await attacker.query(`${make('people')}; GRANT SELECT ON people TO PUBLIC`);
    for (const args of [['check'], ['start']]) {
      const { code, stdout } = await run(args);
      expect(code, stdout).toBe(73);
      expect(stdout).toContain('people');
    }
    expect(await isReached(database)).toBe(false);
  });

  test('the function is run by who reads it', async () => {
    const { database, attacker } = await prepare();
    await attacker.query(`${make('users')}; GRANT SELECT ON users TO PUBLIC`);
    const session = await database.connect(database.urlFor(ours));
    await session.query('SELECT FROM users');
    expect(await isReached(database)).toBe(true);
  });
});

test('of a partition of another role nothing is run', async () => {
  const { database, attacker, run } = await prepare();
  const owner = await database.connect(database.urlFor(ours));
  await owner.query(`CREATE TABLE users (id int) PARTITION BY RANGE (id);
    CREATE TABLE users_1 PARTITION OF users DEFAULT`);
  await database.query(`ALTER TABLE users_1 OWNER TO ${theirs?.name}`);
  await attacker.query('CREATE INDEX ON users_1 ((id + evil(1)))');
  expect((await run(['check'])).code).toBe(73);
  expect((await run(['start'])).code).toBe(73);
  expect(await isReached(database)).toBe(false);
});

test('tables of a role that a superuser has granted to ours are counted, and partitioned ones', async () => {
  const { database, run } = await prepare();
  const group = await createRole({ login: false });
  await database.query(`GRANT ${group.name} TO ${ours?.name}; CREATE TABLE users (id int) PARTITION BY RANGE (id);
    CREATE TABLE users_1 PARTITION OF users DEFAULT; INSERT INTO users VALUES (1);
    ALTER TABLE users OWNER TO ${group.name}; ALTER TABLE users_1 OWNER TO ${group.name}`);
  const { code, stdout } = await run(['start']);
  expect(code, stdout).toBe(0);
  expect(stdout).toMatch(/users has 1 row/);
});

/** Views of ours, and what of another role they lead to. */
const VIEWS: Record<string, [theirs: string, ours: string]> = {
  'a table of another role': [
    `${PLANNED['the expression of an index']?.('people')}; GRANT SELECT ON people TO PUBLIC`,
    'CREATE VIEW users AS SELECT id FROM people',
  ],
  'a view of ours of a table of another role': [
    `${PLANNED['the expression of an index']?.('people')}; GRANT SELECT ON people TO PUBLIC`,
    'CREATE VIEW between AS SELECT id FROM people; CREATE VIEW users AS SELECT * FROM between',
  ],
  'a table of ours, a partition of which is of another role': [
    `${PLANNED['the expression of an index']?.('people_1')}; GRANT SELECT ON people_1 TO PUBLIC;
     GRANT ALL ON people_1 TO PUBLIC`,
    'CREATE VIEW users AS SELECT id FROM people',
  ],
  'a function of another role': ['SELECT', 'CREATE VIEW users AS SELECT 1 AS id WHERE evil(2) = 1'],
};

test.each(Object.entries(VIEWS))(
  'of a view of ours that reads %s nothing is run: 73 in check and boot, with what to do',
  async (what, [prepared, view]) => {
    const { database, attacker, run } = await prepare();
    await attacker.query(prepared);
    const owner = await database.connect(database.urlFor(ours));
    if (what.includes('partition')) {
      await owner.query('CREATE TABLE people (id int) PARTITION BY RANGE (id)');
      await database.query('ALTER TABLE people ATTACH PARTITION people_1 DEFAULT');
    }
    await owner.query(view);
    await database.query('DELETE FROM watch.reached');
    const status = await run(['status']);
    expect(status.code, status.stdout).toBe(0);
    for (const args of [['check'], ['start']]) {
      const { code, stdout } = await run(args);
      expect(code, stdout).toBe(73);
      expect(stdout).toContain(theirs?.name);
    }
    for (const mode of ['never', 'always'])
      expect((await run(['start'], { ENTRYPOINT_SEED: mode })).code).toBe(0);
    expect(await isReached(database)).toBe(false);
  },
);

test('rows of a view of ours are counted where all that it reads is trusted', async () => {
  const { database, run } = await prepare();
  const owner = await database.connect(database.urlFor(ours));
  await owner.query(`CREATE TABLE accounts (id int, name text); INSERT INTO accounts VALUES (1, 'a');
    CREATE FUNCTION shown(text) RETURNS text LANGUAGE sql AS 'SELECT upper($1)';
    CREATE VIEW named AS SELECT id, shown(name) AS name FROM accounts;
    CREATE VIEW users AS SELECT * FROM named UNION ALL SELECT * FROM named`);
  const { code, stdout } = await run(['start']);
  expect(code, stdout).toBe(0);
  expect(stdout).toMatch(/users has 2 rows/);
});

/** User tables of ours that PostgreSQL does not read, and what it says. */
const UNREADABLE: Record<string, [sql: string, says: RegExp]> = {
  'a view of a table of which policies hide rows': [
    `CREATE TABLE accounts (id int); ALTER TABLE accounts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
     CREATE POLICY none ON accounts USING (false); CREATE VIEW users AS SELECT * FROM accounts`,
    /row-level security/,
  ],
  'a view that fails': ['CREATE VIEW users AS SELECT 1 AS id WHERE 1 / (SELECT 0) = 1', /division by zero/],
};

test.each(Object.entries(UNREADABLE))(
  '%s ends a boot that has to count it with 73 and the reason, and nothing else',
  async (_what, [sql, says]) => {
    const { database, run } = await prepare();
    await (await database.connect(database.urlFor(ours))).query(sql);
    for (const args of [['status'], ['wait'], ['migrate']]) {
      const { code, stdout } = await run(args);
      expect(code, stdout).toBe(0);
    }
    for (const args of [['check'], ['start']]) {
      const { code, stdout } = await run(args);
      expect(code, stdout).toBe(73);
      expect(stdout).toMatch(says);
    }
    expect((await run(['start'], { ENTRYPOINT_SEED: 'never' })).code).toBe(0);
  },
);

const SWAPS = {
  'a table of another role': `${PLANNED['the expression of an index']?.('users')}; GRANT SELECT ON users TO PUBLIC`,
  'a view': 'CREATE VIEW users AS SELECT 1 AS n WHERE evil(1) = 1; GRANT SELECT ON users TO PUBLIC',
};

test.each(Object.entries(SWAPS))(
  'a user table that the owner of its schema replaces by %s while it is waited for runs nothing as ours',
  async (_what, swap) => {
    const { database, attacker, env, run } = await prepare();
    await database.query(`ALTER SCHEMA public OWNER TO ${theirs?.name}; CREATE TABLE users (n int);
      ALTER TABLE users OWNER TO ${ours?.name}; GRANT ALL ON users TO ${theirs?.name}`);
    await attacker.query(`BEGIN; LOCK TABLE users; DROP TABLE users; ${swap}`);
    const boot = await startBundle({ dir: app.dir, args: ['status'], env });
    await expect
      .poll(() =>
        database.query(
          'SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())',
        ),
      )
      .toEqual([{ n: 1 }]);
    await attacker.query('COMMIT');
    expect([0, 65, 69, 75, 77], boot.describe()).toContain((await boot.exit).code);
    const again = await run(['status']);
    expect(again.code, again.stdout).toBe(0);
    expect(await isReached(database)).toBe(false);
  },
);
