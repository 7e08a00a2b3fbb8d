import { describe, expect, test } from 'vitest';
import { runBundle, startBundle } from '../../helpers/bundle.ts';
import { createDatabase, createRole } from '../../helpers/database.ts';
import { createStandalone } from '../../helpers/standalone.ts';

const USERS = 'model users {\n  id   Int @id\n  code Int @unique\n}\n';

/** An app whose role owns the database, and a lesser role that may create in it. */
async function prepare() {
  const app = await createStandalone({
    omit: ['prisma/migrations'],
    schema: `datasource db {\n  provider = "postgresql"\n}\n${USERS}`,
  });
  const [ours, other] = [await createRole(), await createRole()];
  const database = await createDatabase({ owner: ours });
  const env = { DATABASE_URL: database.urlFor(ours), ENTRYPOINT_MIGRATE: 'push' };
  const run = (command = 'migrate', more: Record<string, string> = {}) =>
    runBundle({ dir: app.dir, args: [command], env: { ...env, ...more } });
  const start = () => startBundle({ dir: app.dir, args: ['migrate'], env });
  const [owner, attacker] = [
    await database.connect(env.DATABASE_URL),
    await database.connect(database.urlFor(other)),
  ];
  await owner.query(`GRANT CREATE, USAGE ON SCHEMA public TO ${other.name};
    GRANT CREATE ON DATABASE ${database.name} TO ${other.name}`);
  const names = async () =>
    (
      await database.query<{ name: string }>(
        "SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1",
      )
    ).map(({ name }) => name);
  const waits = () =>
    database.query(
      'SELECT FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())',
    );
  return { app, database, other, run, start, owner, attacker, names, waits };
}

const said = ({ stdout, stderr }: { stdout: string; stderr: string }) =>
  `${stdout}${stderr}`.replaceAll('\\"', '"');

describe('a push with something of another role in its schema', () => {
  test.each([
    [
      'an enum whose name is SQL',
      `CREATE DOMAIN e AS int; CREATE TYPE "e""; CREATE TABLE made(); --" AS ENUM ('a')`,
      'Type',
    ],
    ['an enum', "CREATE TYPE e AS ENUM ('a')", 'Type'],
    ['a domain', 'CREATE DOMAIN e AS int', 'Type'],
    ['a composite type', 'CREATE TYPE e AS (a int)', 'Composite type'],
    ['a range type', 'CREATE TYPE e AS RANGE (subtype = int)', 'Type'],
    ['a sequence', 'CREATE SEQUENCE e', 'Sequence'],
    ['a function', "CREATE FUNCTION e() RETURNS int LANGUAGE sql AS 'SELECT 1'", 'Function'],
    ['a table with partitions', 'CREATE TABLE e (id int) PARTITION BY RANGE (id)', 'Table'],
    [
      'a table that is a member of an extension',
      'CREATE TABLE e (id int); CREATE SCHEMA x; CREATE EXTENSION hstore SCHEMA x; ALTER EXTENSION hstore ADD TABLE e',
      'Table',
    ],
  ])('refuses %s, as check and status do', async (_title, sql, type) => {
    const { database, other, run, attacker, names } = await prepare();
    await attacker.query(sql);
    const before = await names();
    for (const command of ['check', 'status', 'migrate']) {
      const result = await run(command);
      expect(result.code, said(result)).toBe(65);
      expect(said(result)).toMatch(new RegExp(`${type} public\\.\\S.* belongs to role "${other.name}"`));
    }
    const asSuperuser = await run('migrate', { DATABASE_URL: database.url });
    expect(asSuperuser.code, said(asSuperuser)).toBe(65);
    expect(await names()).toEqual(before);
  });

  test.each([
    ['to a table of it', 'CREATE TABLE att.t (id int REFERENCES public.users (code))', ''],
    ['from a table of it', 'CREATE TABLE att.t (id int PRIMARY KEY)', 'REFERENCES att.t (id)'],
  ])('refuses a foreign key %s in another schema', async (_title, table, references) => {
    const { other, run, owner, attacker } = await prepare();
    expect((await run()).code).toBe(0);
    await owner.query(`GRANT ALL ON users TO ${other.name}`);
    await attacker.query(
      `CREATE SCHEMA att; GRANT ALL ON SCHEMA att TO PUBLIC; ${table}; GRANT ALL ON att.t TO PUBLIC`,
    );
    if (references !== '') await owner.query(`ALTER TABLE users ADD FOREIGN KEY (code) ${references}`);
    const result = await run();
    expect(result.code, said(result)).toBe(65);
    expect(said(result)).toContain(`Table att.t belongs to role "${other.name}"`);
  });

  test('refuses a foreign key of it to a partition that is in another schema', async () => {
    const { other, run, owner, attacker } = await prepare();
    await owner.query(`CREATE SCHEMA parts; GRANT USAGE ON SCHEMA parts TO ${other.name};
      CREATE TABLE users (id int PRIMARY KEY, code int) PARTITION BY RANGE (id);
      CREATE TABLE parts.p PARTITION OF users DEFAULT; GRANT ALL ON parts.p TO ${other.name}`);
    await attacker.query('CREATE SCHEMA att; CREATE TABLE att.t (id int REFERENCES parts.p)');
    const result = await run();
    expect(result.code, said(result)).toBe(65);
    expect(said(result)).toContain(`Table att.t belongs to role "${other.name}"`);
  });

  test('refuses a foreign key that is made while the push is planned', async () => {
    const { database, other, run, start, owner, attacker, names, waits } = await prepare();
    expect((await run()).code).toBe(0);
    await owner.query(`GRANT ALL ON users TO ${other.name}; CREATE TABLE gone (id int)`);
    const holder = await database.connect();
    await holder.query('BEGIN; LOCK TABLE gone IN ACCESS SHARE MODE');
    const boot = await start();
    await expect.poll(async () => (await waits()).length).toBeGreaterThan(0);
    await attacker.query('CREATE SCHEMA att; CREATE TABLE att.t (id int REFERENCES public.users (code))');
    await holder.query('COMMIT');
    expect((await boot.exit).code, boot.stdout).toBe(65);
    expect(await names()).toEqual(['gone', 'users']);
  });

  test('counts no view that the owner of the schema puts in the place of a table meanwhile', async () => {
    const { database, other, run, start, owner, attacker, names, waits } = await prepare();
    expect((await run()).code).toBe(0);
    await owner.query('CREATE TABLE gone (id int)');
    await database.query(`ALTER SCHEMA public OWNER TO ${other.name}`);
    await attacker.query(`CREATE SCHEMA att; GRANT USAGE ON SCHEMA att TO PUBLIC;
      CREATE FUNCTION att.reach() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE 'reached as %', current_user; END $$`);
    await attacker.query(`BEGIN; DROP TABLE gone; CREATE VIEW gone AS SELECT att.reach() AS id FROM (VALUES (1)) AS v;
      GRANT ALL ON gone TO PUBLIC`);
    const boot = await start();
    await expect.poll(async () => (await waits()).length).toBeGreaterThan(0);
    await attacker.query('COMMIT');
    expect((await boot.exit).code, boot.stdout).toBe(65);
    expect(boot.stdout).toContain('it is no longer a table');
    expect(boot.stdout).not.toContain('reached as');
    expect(await names()).toEqual(['users']);
  });

  test('refuses an enum whose name is SQL and that appears while the engine reads the catalog', async () => {
    const { database, run, start, attacker, names, waits } = await prepare();
    expect((await run()).code).toBe(0);
    const holder = await database.connect();
    await holder.query('BEGIN; LOCK TABLE pg_description');
    const boot = await start();
    await expect.poll(async () => (await waits()).length).toBeGreaterThan(0);
    await attacker.query(`CREATE TYPE "e""; CREATE TABLE made(); --" AS ENUM ('a')`);
    await holder.query('COMMIT');
    expect((await boot.exit).code, boot.stdout).toBe(65);
    expect(boot.stdout).toContain('contains a double quote');
    expect(await names()).toEqual(['users']);
  });
});

test.each([
  ['a table', 'CREATE TABLE "a""b" (id int)'],
  ['a column', 'CREATE TABLE a ("a""b" int)'],
  ['a constraint', 'CREATE TABLE a (id int CONSTRAINT "a""b" CHECK (id > 0))'],
  ['a foreign key', 'CREATE TABLE a (id int PRIMARY KEY, b int CONSTRAINT "a""b" REFERENCES a)'],
  ['an index', 'CREATE TABLE a (id int); CREATE INDEX "a""b" ON a (id)'],
  ['an enum', `CREATE TYPE "a""b" AS ENUM ('x')`],
  ['a sequence', 'CREATE SEQUENCE "a""b"'],
  ['a view', 'CREATE VIEW "a""b" AS SELECT 1 AS x'],
])(
  'a push refuses the name of %s with a double quote in it, which the engine does not escape',
  async (_kind, sql) => {
    const { run, owner, names } = await prepare();
    await owner.query(sql);
    const before = await names();
    const result = await run();
    expect(result.code, said(result)).toBe(65);
    expect(said(result)).toContain('The name a"b in the database contains a double quote');
    expect(await names()).toEqual(before);
  },
);

test('a push accepts a schema of another role, and the views that it has there', async () => {
  const { database, other, run, owner, attacker, names } = await prepare();
  await owner.query('GRANT ALL ON SCHEMA public TO PUBLIC');
  await database.query(`ALTER SCHEMA public OWNER TO ${other.name}`);
  await attacker.query(`CREATE VIEW report AS SELECT relkind FROM pg_class;
    CREATE MATERIALIZED VIEW sums AS SELECT 1 AS a; CREATE INDEX ON sums (a)`);
  for (const command of ['migrate', 'check', 'status']) {
    const result = await run(command);
    expect(result.code, said(result)).toBe(0);
  }
  expect(await names()).toEqual(['users']);
});

test('a push accepts a column of the type "char", which has quotes in its name', async () => {
  const { run, owner } = await prepare();
  await owner.query('CREATE VIEW v AS SELECT relkind FROM pg_class; CREATE TABLE gone (c "char")');
  const result = await run();
  expect(result.code, said(result)).toBe(0);
});

test('a push accepts what an extension and its own role have made, and a value of an enum with a double quote', async () => {
  const { run, owner } = await prepare();
  await owner.query(`CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE VIEW v AS SELECT 1 AS a;
    CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TYPE gone AS ENUM ('a"b')`);
  const result = await run();
  expect(result.code, said(result)).toBe(0);
});
