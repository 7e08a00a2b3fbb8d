import { describe, expect, test } from 'vitest';
import { runBundle, startBundle } from '../../helpers/bundle.ts';
import { createDatabase, createRole, type Database, dumpSchema } from '../../helpers/database.ts';
import { createStandalone } from '../../helpers/standalone.ts';

const BASE = `CREATE TABLE items (id int PRIMARY KEY, label text, kind int);
  INSERT INTO items SELECT g, 'label ' || g % 50, g FROM generate_series(1, 500) g;
  CREATE TABLE parted (n int NOT NULL) PARTITION BY RANGE (n);
  CREATE TABLE parted_a PARTITION OF parted FOR VALUES FROM (0) TO (10);
  CREATE TYPE mood AS ENUM ('good');
  CREATE TABLE parents (id int PRIMARY KEY);
  CREATE TABLE children (parent int REFERENCES parents DEFERRABLE INITIALLY DEFERRED);
  CREATE FUNCTION go_to_other() RETURNS void LANGUAGE plpgsql AS $$ BEGIN SET LOCAL search_path = other; END $$;
  CREATE TABLE once (n int UNIQUE DEFERRABLE INITIALLY IMMEDIATE);
  CREATE FUNCTION insert_twice() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO once VALUES (1), (1); EXCEPTION WHEN unique_violation THEN CREATE TABLE caught (); END $$;`;

/** An app whose history is a base and one migration more, and a database that has the base. */
async function prepare(script: string) {
  const app = await createStandalone({ migrations: { '1_base': BASE } });
  const database = await createDatabase();
  const migrate = async () =>
    runBundle({ dir: app.dir, args: ['migrate'], env: { DATABASE_URL: database.url } });
  const first = await migrate();
  expect(first.code, first.stdout).toBe(0);
  await app.addMigration('2_last', script);
  return { app, database, migrate };
}

/** The schema that psql makes of the same script: each statement by itself, in one session. No string in it but a body has a `;`. */
async function schemaByHand(script: string): Promise<string> {
  const database = await createDatabase();
  await database.query(BASE);
  const client = await database.connect();
  for (const statement of script.split(/;(?=(?:[^$]*\$\$[^$]*\$\$)*[^$]*$)/)) await client.query(statement);
  await client.end();
  return dumpSchema(database.url);
}

async function recordsOf(database: Database) {
  return (await database.migrations()).map(({ migration_name, finished }) => `${migration_name} ${finished}`);
}
const BOTH = ['1_base true', '2_last true'];

describe('a statement that commits by itself', () => {
  test.each([
    'CREATE INDEX CONCURRENTLY by_label ON items (label)',
    'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "By Kind" ON public.items USING btree (kind DESC) WHERE kind > 3',
    'CREATE INDEX CONCURRENTLY ON items (lower(label), kind)',
    'DROP INDEX CONCURRENTLY IF EXISTS not_there',
    'REINDEX TABLE CONCURRENTLY items',
    'ALTER TABLE parted DETACH PARTITION parted_a CONCURRENTLY',
    'VACUUM (ANALYZE) items',
    'CLUSTER items USING items_pkey',
  ])('%s is applied once, recorded, and makes the schema that psql makes', async (script) => {
    const { database, migrate } = await prepare(`-- why\n${script};\n`);
    const run = await migrate();
    expect(run.code, run.stdout).toBe(0);
    expect(await recordsOf(database)).toEqual(BOTH);
    const made = await dumpSchema(database.url, { exclude: /_prisma_migrations/ });
    expect(made).toBe(await schemaByHand(script));
    expect((await migrate()).logs).toContainEqual(expect.objectContaining({ event: 'skipped' }));
  });

  test('is looked up by a role that may make no temporary tables, and no other invalid index is dropped', async () => {
    const app = await createStandalone({ migrations: { '1_base': BASE } });
    const [database, owner] = [await createDatabase(), await createRole()];
    await database.query(`REVOKE ALL ON DATABASE ${database.name} FROM PUBLIC;
      GRANT CONNECT ON DATABASE ${database.name} TO ${owner.name}; GRANT ALL ON SCHEMA public TO ${owner.name}`);
    const env = { DATABASE_URL: database.urlFor(owner) };
    const migrate = () => runBundle({ dir: app.dir, args: ['migrate'], env });
    await migrate();
    const session = await database.connect(env.DATABASE_URL);
    await session.query('CREATE INDEX by_label ON items (label)');
    await session.query("UPDATE items SET label = 'same'");
    const failed = session.query('CREATE UNIQUE INDEX CONCURRENTLY items_label_idx ON items (label)');
    await expect(failed).rejects.toThrow('could not create unique index');
    await session.end();
    await app.addMigration('2_label', 'CREATE INDEX CONCURRENTLY by_label ON items (label)');
    await app.addMigration('3_lower', 'CREATE INDEX CONCURRENTLY ON items (lower(label))');
    const run = await migrate();
    expect(run.code, run.stdout).toBe(0);
    const indexes = await database.query(`SELECT indexrelid::regclass::text AS name, indisvalid AS valid
      FROM pg_index WHERE indrelid = 'items'::regclass ORDER BY 1`);
    expect(indexes).toEqual([
      { name: 'by_label', valid: true },
      { name: 'items_label_idx', valid: false },
      { name: 'items_lower_idx', valid: true },
      { name: 'items_pkey', valid: true },
    ]);
  });

  test.each([
    'ON items (label)',
    'ON items (label) WHERE items.kind > 3 AND "items".label > \'items.\'',
    'ON public.items (lower(public.items.label)) WHERE public.items.kind IS NULL',
  ])(
    'that an earlier start finished and did not record is recorded, and not run again: %s',
    async (index) => {
      const { database, migrate } = await prepare(`CREATE INDEX CONCURRENTLY by_label ${index}`);
      await database.query(`CREATE INDEX by_label ${index}`);
      const [before] = await database.query("SELECT 'by_label'::regclass::oid AS oid");
      const run = await migrate();
      expect(run.code, run.stdout).toBe(0);
      expect(run.logs).toContainEqual(
        expect.objectContaining({
          event: 'found',
          msg: expect.stringContaining('there already, and valid'),
        }),
      );
      expect(await database.query("SELECT 'by_label'::regclass::oid AS oid")).toEqual([before]);
      expect(await recordsOf(database)).toEqual(BOTH);
    },
  );

  test.each([
    ['by name', 'CREATE INDEX CONCURRENTLY by_label ON items (label)', 'by_label'],
    ['under IF NOT EXISTS', 'CREATE INDEX CONCURRENTLY IF NOT EXISTS by_label ON items (label)', 'by_label'],
    ['under a name that PostgreSQL chose', 'CREATE INDEX CONCURRENTLY ON items (label)', 'items_label_idx'],
    [
      'under a name that looks like its definition',
      'CREATE INDEX CONCURRENTLY "by USING label" ON items (label)',
      '"by USING label"',
    ],
  ])('that was interrupted is built again: its invalid index goes, %s', async (_how, script, index) => {
    const { database, migrate } = await prepare(script);
    await leaveInvalid(database, `CREATE INDEX CONCURRENTLY ${index} ON items (label)`, index);
    const run = await migrate();
    expect(run.code, run.stdout).toBe(0);
    expect(await indexesOf(database)).toEqual([{ name: index, valid: true }]);
    expect(await recordsOf(database)).toEqual(BOTH);
  });

  test('finds an index of that name with another definition: told, left, and an error', async () => {
    const { database, migrate } = await prepare('CREATE INDEX CONCURRENTLY by_label ON items (label)');
    await database.query('CREATE INDEX by_label ON items (kind)');
    const run = await migrate();
    expect(run.code, run.stdout).toBe(65);
    expect(run.stdout).toContain('with another definition: left as it is');
    expect(run.stdout).toContain('42P07');
    expect(await indexesOf(database)).toEqual([{ name: 'by_label', valid: true }]);
    expect(await recordsOf(database)).toEqual(['1_base true']);
  });

  test('finds one with another definition under IF NOT EXISTS: told, left, and passed over as psql does', async () => {
    const { database, migrate } = await prepare(
      'CREATE INDEX CONCURRENTLY IF NOT EXISTS by_label ON items (label)',
    );
    await database.query('CREATE INDEX by_label ON items (kind)');
    const run = await migrate();
    expect(run.code, run.stdout).toBe(0);
    expect(run.stdout).toContain('with another definition: left as it is');
    expect(await recordsOf(database)).toEqual(BOTH);
  });

  test('a unique index that the rows do not fit ends with 65, their values, no index and no record', async () => {
    const { database, migrate } = await prepare('CREATE UNIQUE INDEX CONCURRENTLY u ON items (label)');
    const run = await migrate();
    expect(run.code, run.stdout).toBe(65);
    expect(run.stdout).toMatch(/Key \(label\)=\(label \d+\) is duplicated/);
    expect(await indexesOf(database)).toEqual([]);
    expect(await recordsOf(database)).toEqual(['1_base true']);
    await database.query('DELETE FROM items WHERE id > 50');
    expect((await migrate()).code).toBe(0);
    expect(await recordsOf(database)).toEqual(BOTH);
  });

  test('waits for the backend of a killed start that still builds, and builds nothing a second time', async () => {
    const { app, database, migrate } = await prepare('CREATE INDEX CONCURRENTLY by_label ON items (label)');
    const blocker = await database.connect();
    await blocker.query('BEGIN; SELECT 1 FROM items LIMIT 1; LOCK TABLE items IN ROW EXCLUSIVE MODE');
    const killed = await startBundle({
      dir: app.dir,
      args: ['migrate'],
      env: { DATABASE_URL: database.url },
    });
    await indexIsThere(database, 'by_label');
    killed.kill('SIGKILL');
    await killed.exit;
    const next = await startBundle({ dir: app.dir, args: ['migrate'], env: { DATABASE_URL: database.url } });
    await next.waitForLine(/still works on it|left by an interrupted build/);
    await blocker.query('COMMIT');
    expect((await next.exit).code, next.describe()).toBe(0);
    expect(await indexesOf(database)).toEqual([{ name: 'by_label', valid: true }]);
    expect(await recordsOf(database)).toEqual(BOTH);
    expect((await migrate()).code).toBe(0);
  });

  test.each([
    ['before it exchanged them', 'ROW EXCLUSIVE'],
    ['after it exchanged them', 'ACCESS SHARE'],
  ])('drops the copies that a REINDEX cut off %s left, of the TOAST table too', async (_title, lock) => {
    const { database, migrate } = await prepare('REINDEX TABLE CONCURRENTLY items');
    await database.query('CREATE INDEX kept_ccnew ON items (label)');
    await interruptReindex(database, lock);
    const toast = { name: expect.stringMatching(/^pg_toast\.pg_toast_\d+_index_cc/) };
    expect(await invalidIndexesOf(database)).toContainEqual(toast);
    const run = await migrate();
    expect(run.code, run.stdout).toBe(0);
    expect(await invalidIndexesOf(database)).toEqual([]);
    expect(await indexesOf(database)).toContainEqual({ name: 'kept_ccnew', valid: true });
  });

  test('leaves a copy of a TOAST table where the role cannot drop it, and says so', async () => {
    const role = await createRole();
    const database = await createDatabase({ owner: role });
    const app = await createStandalone({ migrations: { '1_base': BASE } });
    const env = { DATABASE_URL: database.urlFor(role) };
    expect((await runBundle({ dir: app.dir, args: ['migrate'], env })).code).toBe(0);
    await interruptReindex(database, 'ROW EXCLUSIVE');
    await app.addMigration('2_last', 'REINDEX TABLE CONCURRENTLY items');
    const run = await runBundle({ dir: app.dir, args: ['migrate'], env });
    expect(run.code, run.stdout).toBe(0);
    const found = run.logs.filter(({ event }) => event === 'found').map(({ msg }) => msg);
    expect(found).toEqual([
      expect.stringMatching(/pg_toast_\d+_index_ccnew stays, which .* dropping public\.items_pkey_ccnew/),
    ]);
    expect(await recordsOf(database)).toEqual(BOTH);
  });

  test('finishes a DETACH PARTITION CONCURRENTLY that was interrupted', async () => {
    const { database, migrate } = await prepare('ALTER TABLE parted DETACH PARTITION parted_a CONCURRENTLY');
    await database.query(
      "UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = 'parted_a'::regclass",
    );
    const run = await migrate();
    expect(run.code, run.stdout).toBe(0);
    expect(await database.query('SELECT count(*)::int AS n FROM pg_inherits')).toEqual([{ n: 0 }]);
    expect(await recordsOf(database)).toEqual(BOTH);
  });
});

describe('transactions of a script’s own', () => {
  test.each([
    ['one pair', 'BEGIN; CREATE TABLE a (n int); COMMIT;', 'transaction'],
    [
      'statements around a pair',
      'CREATE TABLE a (n int); BEGIN; CREATE TABLE b (n int); COMMIT; SELECT 1',
      'transaction',
    ],
    [
      'two pairs with a deferred constraint',
      'BEGIN; INSERT INTO children VALUES (1); INSERT INTO parents VALUES (1); COMMIT; BEGIN; INSERT INTO children VALUES (2); INSERT INTO parents VALUES (2); COMMIT',
      'transaction',
    ],
    [
      'a savepoint',
      'BEGIN; SAVEPOINT a; CREATE TABLE a (n int); ROLLBACK TO a; CREATE TABLE a (m int); COMMIT',
      'transaction',
    ],
    [
      'a new value of an enum used at once',
      "ALTER TYPE mood ADD VALUE 'bad'; COMMIT; CREATE TABLE a (m mood DEFAULT 'bad')",
      'autocommit',
    ],
    [
      'what Prisma writes for an enum',
      `BEGIN; CREATE TYPE mood_new AS ENUM ('fine'); ALTER TYPE mood RENAME TO mood_old; ALTER TYPE mood_new RENAME TO mood; DROP TYPE mood_old; COMMIT; ALTER TABLE items ADD m mood`,
      'transaction',
    ],
    [
      'SET TRANSACTION',
      'BEGIN; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; CREATE TABLE a (n int); COMMIT',
      'autocommit',
    ],
    [
      'SET LOCAL',
      'BEGIN; SET LOCAL search_path = pg_temp; CREATE TABLE a (n int); COMMIT; CREATE TABLE b (n int)',
      'autocommit',
    ],
    [
      'SET LOCAL in a DO block',
      'CREATE SCHEMA other; BEGIN; DO $$ BEGIN SET LOCAL search_path = other; CREATE TABLE a (n int); END $$; COMMIT; BEGIN; CREATE TABLE b (n int); COMMIT',
      'autocommit',
    ],
    [
      'SET LOCAL in a function that is there',
      'CREATE SCHEMA other; BEGIN; SELECT go_to_other(); COMMIT; BEGIN; CREATE TABLE b (n int); COMMIT',
      'autocommit',
    ],
    [
      'SET LOCAL in a function that it makes',
      'CREATE SCHEMA other; CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN SET LOCAL search_path = other; END $$; BEGIN; SELECT f(); COMMIT; CREATE TABLE b (n int)',
      'autocommit',
    ],
    [
      'ON COMMIT DROP in a DO block',
      'BEGIN; DO $$ BEGIN CREATE TEMP TABLE a (n int) ON COMMIT DROP; END $$; COMMIT; CREATE TABLE a (n int)',
      'autocommit',
    ],
    [
      'ON COMMIT DROP',
      'BEGIN; CREATE TEMP TABLE a (n int) ON COMMIT DROP; COMMIT; CREATE TABLE a (n int)',
      'autocommit',
    ],
    [
      'a violation that the second transaction catches',
      'BEGIN; SELECT 1; COMMIT; BEGIN; SELECT insert_twice(); COMMIT',
      'autocommit',
    ],
    [
      'pending trigger events',
      'INSERT INTO parents VALUES (1); BEGIN; INSERT INTO children VALUES (1); COMMIT; ALTER TABLE children ADD x int',
      'transaction',
    ],
  ])('%s: the schema that psql makes, and the log says how', async (_title, script, mode) => {
    const { database, migrate } = await prepare(script);
    const run = await migrate();
    expect(run.code, run.stdout).toBe(0);
    expect(run.logs).toContainEqual(expect.objectContaining({ event: 'applied', migration: '2_last', mode }));
    expect(await recordsOf(database)).toEqual(BOTH);
    const made = await dumpSchema(database.url, { exclude: /_prisma_migrations/ });
    expect(made).toBe(await schemaByHand(script));
  });

  test('a procedure that commits runs in autocommit mode', async () => {
    const { database, migrate } = await prepare('CALL work()');
    await database.query(`CREATE PROCEDURE work() LANGUAGE plpgsql AS $$ BEGIN
      CREATE TABLE a (n int); COMMIT; INSERT INTO a VALUES (1); END $$`);
    const run = await migrate();
    expect(run.code, run.stdout).toBe(0);
    expect(run.logs).toContainEqual(expect.objectContaining({ event: 'applied', mode: 'autocommit' }));
    expect(await database.query('SELECT * FROM a')).toEqual([{ n: 1 }]);
  });
});

test('a script whose first transaction makes those after it read-only fails in the second, as with psql', async () => {
  const { database, migrate } = await prepare(
    'BEGIN; SET default_transaction_read_only = on; COMMIT; BEGIN; CREATE TABLE a (n int); COMMIT',
  );
  const run = await migrate();
  expect(run.code, run.stdout).toBe(65);
  expect(run.stdout).toContain('read-only transaction');
  expect(await database.query("SELECT to_regclass('a') AS a")).toEqual([{ a: null }]);
});

test('a script that makes all later transactions read-only is recorded, and so is the next one', async () => {
  const { app, database, migrate } = await prepare(
    'BEGIN; CREATE TABLE a (); ROLLBACK; SET default_transaction_read_only = on',
  );
  await app.addMigration('3_more', 'CREATE TABLE more ()');
  const { code, stdout } = await migrate();
  expect(code, stdout).toBe(0);
  expect(await recordsOf(database)).toEqual(['1_base true', '2_last true', '3_more true']);
});

describe('a script that ends inside a transaction', () => {
  test.each([
    ['that it began', 'BEGIN;\nCREATE TABLE lost (n int);', 1],
    ['that it began after another', 'BEGIN; COMMIT;\nSTART TRANSACTION; SAVEPOINT a; RELEASE a;', 2],
    ['that it chained', 'CREATE TABLE lost (n int);\nCOMMIT AND CHAIN;\nCREATE TABLE lost_too (n int);', 2],
  ])(
    '%s would be rolled back with the session: it is refused before it runs',
    async (_title, script, line) => {
      const { app, database, migrate } = await prepare(script);
      const before = await dumpSchema(database.url);
      const check = await runBundle({ dir: app.dir, args: ['check'], env: { DATABASE_URL: database.url } });
      expect(check.code, check.stdout).toBe(65);
      const place = `2_last/migration.sql:${line}`;
      expect(check.stdout).toContain(place);
      const run = await migrate();
      expect(run.code, run.stdout).toBe(65);
      const failed = run.logs.find(({ event }) => event === 'failed');
      expect(failed?.error?.code).toBe('MIGRATION_FAILED');
      expect(failed?.msg).toContain(place);
      expect(await dumpSchema(database.url)).toBe(before);
      expect(await recordsOf(database)).toEqual(['1_base true']);
    },
  );
});

function indexesOf(database: Database) {
  return database.query(`SELECT indexrelid::regclass::text AS name, indisvalid AS valid FROM pg_index
    WHERE indrelid = 'items'::regclass AND NOT indisprimary`);
}

async function invalidIndexesOf(database: Database) {
  return database.query('SELECT indexrelid::regclass::text AS name FROM pg_index WHERE NOT indisvalid');
}

/** Cancels a REINDEX while it waits for a session that holds such a lock on the table. */
async function interruptReindex(database: Database, lock: string): Promise<void> {
  const user = await database.connect();
  await user.query(`BEGIN; LOCK TABLE items IN ${lock} MODE`);
  const reindex = await database.connect();
  const refused = expect(reindex.query('REINDEX TABLE CONCURRENTLY items')).rejects.toThrow('user request');
  await expect
    .poll(() =>
      database.query(`SELECT pg_cancel_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event = 'virtualxid'`),
    )
    .not.toEqual([]);
  await refused;
  await user.query('COMMIT');
}

/** Makes an index, and marks it as one whose build did not end. */
async function leaveInvalid(database: Database, sql: string, index: string): Promise<void> {
  await database.query(sql);
  await database.query(`UPDATE pg_index SET indisvalid = false WHERE indexrelid = '${index}'::regclass`);
}

async function indexIsThere(database: Database, index: string): Promise<void> {
  await expect
    .poll(() => database.query(`SELECT to_regclass('${index}') AS name`))
    .toEqual([{ name: index }]);
}
