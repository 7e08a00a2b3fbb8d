import { describe, expect, test } from 'vitest';
import { runBundle } from '../../helpers/bundle.ts';
import { createDatabase, createRole, type Database, dumpSchema } from '../../helpers/database.ts';
import { createStandalone } from '../../helpers/standalone.ts';

/** What a real history holds, in two steps. */
const MIGRATIONS = {
  '0001_init': `
    CREATE TYPE "Mood" AS ENUM ('A', 'B');
    CREATE TABLE "User" ("id" SERIAL NOT NULL, "email" TEXT NOT NULL, "mood" "Mood" NOT NULL DEFAULT 'A',
      CONSTRAINT "User_pkey" PRIMARY KEY ("id"));
    CREATE UNIQUE INDEX "User_email_key" ON "User"("email");
    CREATE TABLE "Post" ("id" uuid NOT NULL DEFAULT gen_random_uuid(), "author" INTEGER, "tags" TEXT[],
      CONSTRAINT "Post_pkey" PRIMARY KEY ("id"));
    ALTER TABLE "Post" ADD CONSTRAINT "Post_author_fkey" FOREIGN KEY ("author") REFERENCES "User"("id") ON DELETE SET NULL ON UPDATE CASCADE;`,
  '0002_code': `
    CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
    CREATE TRIGGER touched BEFORE UPDATE ON "Post" FOR EACH ROW EXECUTE FUNCTION touch();
    CREATE VIEW authors AS SELECT "id", "email" FROM "User";
    CREATE SEQUENCE numbers START 5; CREATE DOMAIN short AS text CHECK (length(VALUE) < 9);`,
  '0003_more': 'ALTER TABLE "User" ADD COLUMN "name" TEXT;',
};
const SCHEMA_OF_TWO = `${MIGRATIONS['0001_init']}${MIGRATIONS['0002_code']}`;

async function prepare(sql: string) {
  const app = await createStandalone({ migrations: MIGRATIONS });
  const database = await createDatabase();
  await database.query(sql);
  const env = { DATABASE_URL: database.url };
  const run = (...args: string[]) => runBundle({ dir: app.dir, args, env });
  return { app, database, run };
}

/** Those for this database: other tests have theirs. */
async function scratchDatabases({ admin, name }: Database): Promise<number> {
  const rows = await admin(
    `SELECT 1 FROM pg_database AS s, pg_database AS d
      WHERE d.datname = '${name}' AND s.datname LIKE concat('zarpe\\_scratch\\_', d.oid, '\\_%')`,
  );
  return rows.length;
}

describe('baseline', () => {
  test('is refused behind a pooler, with the name of the variable that leads there', async () => {
    const { database, app } = await prepare(SCHEMA_OF_TWO);
    const env = { DATABASE_URL: database.urlFor(undefined, { pgbouncer: 'true' }) };
    const { code, logs } = await runBundle({ dir: app.dir, args: ['baseline', '0002_code'], env });
    expect(code).not.toBe(0);
    expect(logs.at(-1)).toMatchObject({
      error: { code: 'POOLER_UNSUITABLE' },
      msg: expect.stringContaining('DATABASE_URL leads to a pooler at '),
    });
  });

  test('records the migrations that make the schema that is there, and the next start applies the rest', async () => {
    const { database, run } = await prepare(SCHEMA_OF_TWO);
    const before = await dumpSchema(database.url);
    const refused = await run('migrate');
    expect(refused.code).toBe(65);
    expect(refused.stdout).toContain('node entrypoint.js baseline 0003_more');
    const { code, logs } = await run('baseline', '0002_code');
    expect(code).toBe(0);
    expect(logs.at(-1)).toMatchObject({
      step: 'baseline',
      event: 'done',
      migrations: ['0001_init', '0002_code'],
    });
    expect(await scratchDatabases(database)).toBe(0);
    expect(await database.migrations()).toMatchObject([
      { migration_name: '0001_init', finished: true, rolled_back: false },
      { migration_name: '0002_code', finished: true, rolled_back: false },
    ]);
    await database.query('ALTER TABLE _prisma_migrations RENAME TO moved');
    await database.query('DROP TABLE moved');
    expect(await dumpSchema(database.url)).toBe(before);
    expect((await run('baseline', '0002_code')).code).toBe(0);
    expect((await run('migrate')).code).toBe(0);
    expect(await database.migrations()).toHaveLength(3);
    expect((await run('status')).code).toBe(0);
    // A second time there is nothing to do; what is not recorded is refused by then.
    expect((await run('baseline', '0003_more')).code).toBe(0);
  });

  const DIFFERENCES: readonly (readonly [title: string, sql: string, difference: RegExp])[] = [
    [
      'a column that is missing',
      'ALTER TABLE "Post" DROP COLUMN tags',
      /not in the database: column public."Post".tags \(text\[\]\)/,
    ],
    [
      'a column of its own',
      'ALTER TABLE "Post" ADD x int',
      /not in the migrations: column public."Post".x \(integer\)/,
    ],
    [
      'another type',
      'ALTER TABLE "Post" ALTER author TYPE bigint',
      /column public."Post".author: the migrations make `integer`, the database has `bigint`/,
    ],
    [
      'a column that may be null',
      'ALTER TABLE "User" ALTER "email" DROP NOT NULL',
      /`text not null`, the database has `text`/,
    ],
    ['another default', `ALTER TABLE "User" ALTER mood SET DEFAULT 'B'`, /default 'B'::public."Mood"/],
    [
      'an index of its own',
      'CREATE INDEX i ON "User" (mood)',
      /not in the migrations: index public."User".i/,
    ],
    [
      'an index that is missing',
      'DROP INDEX "User_email_key"',
      /not in the database: index public."User"."User_email_key"/,
    ],
    [
      'a constraint that is not the same',
      'ALTER TABLE "Post" DROP CONSTRAINT "Post_author_fkey", ADD CONSTRAINT "Post_author_fkey" FOREIGN KEY ("author") REFERENCES "User"("id")',
      /constraint public."Post"."Post_author_fkey": .* ON DELETE SET NULL`/,
    ],
    [
      'another value of an enum',
      `ALTER TYPE "Mood" ADD VALUE 'C'`,
      /enum public."Mood": the migrations make `'A', 'B'`, the database has `'A', 'B', 'C'`/,
    ],
    ['a sequence that counts otherwise', 'ALTER SEQUENCE numbers INCREMENT 2', /sequence public.numbers/],
    [
      'another view',
      'CREATE OR REPLACE VIEW authors AS SELECT "id", "email" FROM "User" WHERE "id" > 1',
      /view public.authors/,
    ],
    [
      'another function',
      'CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$',
      /function public.touch\(\)/,
    ],
    [
      'a trigger that is disabled',
      'ALTER TABLE "Post" DISABLE TRIGGER touched',
      /trigger public."Post".touched/,
    ],
    [
      'a table of its own, named once',
      'CREATE TABLE mine (id int PRIMARY KEY)',
      /^not in the migrations: table public.mine$/,
    ],
    ['another domain', 'ALTER DOMAIN short SET NOT NULL', /domain public.short/],
    [
      'row level security',
      'ALTER TABLE "User" ENABLE ROW LEVEL SECURITY',
      /table public."User": the migrations make nothing more, the database has `row level security`/,
    ],
  ];
  test.each(DIFFERENCES)('records nothing where the database has %s', async (_title, sql, difference) => {
    const { database, run } = await prepare(`${SCHEMA_OF_TWO}; ${sql}`);
    const { code, logs } = await run('baseline', '0002_code');
    expect(code).toBe(65);
    expect(logs.at(-1)?.error).toMatchObject({
      code: 'BASELINE_REFUSED',
      problems: [{ details: [expect.stringMatching(difference)] }],
    });
    expect(await database.migrations()).toEqual([]);
    expect(await scratchDatabases(database)).toBe(0);
  });

  test.each([
    ['CREATE CAST (integer AS "Mood") WITH INOUT', /^not in the database: cast integer AS public."Mood"/],
    ['CREATE TYPE pair AS (a int, b text)', /column public.pair.a/],
    ['CREATE SCHEMA empty', /^not in the database: schema empty/],
    ['CREATE TEXT SEARCH CONFIGURATION app (COPY = simple)', /text search configuration public.app/],
    ['CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple)', /text search dictionary public.d/],
    ['CREATE PUBLICATION p FOR TABLE "User"', /publication p/],
    [
      'ALTER TABLE "User" REPLICA IDENTITY FULL',
      /table public."User": the migrations make `replica identity f`/,
    ],
  ])('records nothing where the database lacks what %s makes', async (sql, difference) => {
    const { app, database, run } = await prepare(SCHEMA_OF_TWO);
    await app.addMigration('0002_e', sql);
    const { code, logs } = await run('baseline', '0002_e');
    expect(code).toBe(65);
    expect(logs.at(-1)?.error).toMatchObject({
      problems: [{ details: expect.arrayContaining([expect.stringMatching(difference)]) }],
    });
    await database.query(sql);
    const again = await run('baseline', '0002_e');
    expect(again.code, again.stdout).toBe(0);
  });

  test('is not about what is in the tables, the order of columns, comments, grants or other schemas', async () => {
    const { database, run } = await prepare(
      `${SCHEMA_OF_TWO}
       INSERT INTO "User" (email) VALUES ('a');
       ALTER TABLE "User" DROP mood; ALTER TABLE "User" ADD mood "Mood" NOT NULL DEFAULT 'A';
       COMMENT ON TABLE "User" IS 'people'; GRANT SELECT ON "User" TO PUBLIC;
       CREATE SCHEMA other; CREATE TABLE other.things (id int);`,
    );
    expect((await run('baseline', '0002_code')).code).toBe(0);
    expect(await database.migrations()).toHaveLength(2);
  });

  test.each([['push'], ['skip']])(
    'applies the migrations, whatever ENTRYPOINT_MIGRATE=%s says',
    async (mode) => {
      // What a push would make is the schema of the fixture, which the migrations do not make.
      const { app, database } = await prepare('SELECT 1');
      const pushed = { DATABASE_URL: database.url, ENTRYPOINT_MIGRATE: 'push' };
      expect((await runBundle({ dir: app.dir, args: ['migrate'], env: pushed })).code).toBe(0);
      const env = { DATABASE_URL: database.url, ENTRYPOINT_MIGRATE: mode };
      const refused = await runBundle({ dir: app.dir, args: ['baseline', '0002_code'], env });
      expect(refused.code).toBe(65);
      expect(refused.stdout).toContain('not in the database: table');
      expect(await database.migrations()).toEqual([]);
      const proven = await prepare(SCHEMA_OF_TWO);
      const same = { DATABASE_URL: proven.database.url, ENTRYPOINT_MIGRATE: mode };
      expect((await runBundle({ dir: app.dir, args: ['baseline', '0002_code'], env: same })).code).toBe(0);
    },
  );

  test('compares the schema that the connection string names', async () => {
    const { app, database } = await prepare('CREATE SCHEMA app; CREATE TABLE theirs (id int)');
    await database.query(`SET search_path = app; ${SCHEMA_OF_TWO}`);
    const env = { DATABASE_URL: database.urlFor(undefined, { schema: 'app' }) };
    expect((await runBundle({ dir: app.dir, args: ['baseline', '0002_code'], env })).code).toBe(0);
    expect(await database.migrations('app')).toHaveLength(2);
  });

  test('compares the schema that comes first in the search path', async () => {
    const { database, run } = await prepare('CREATE SCHEMA app');
    await database.query(`ALTER DATABASE ${database.name} SET search_path = app`);
    await database.query(SCHEMA_OF_TWO);
    const { code, stdout } = await run('baseline', '0002_code');
    expect(code, stdout).toBe(0);
    expect(await database.migrations('app')).toHaveLength(2);
  });

  test('ends with 77 if the role may not create a database, and says what to do', async () => {
    const { app, database } = await prepare('SELECT 1');
    const role = await createRole();
    await database.query(`GRANT CREATE ON SCHEMA public TO ${role.name}`);
    const env = { DATABASE_URL: database.urlFor(role) };
    const { code, logs } = await runBundle({ dir: app.dir, args: ['baseline', '0001_init'], env });
    expect(code).toBe(77);
    expect(logs.at(-1)?.error).toMatchObject({
      code: 'DATABASE_ACCESS_REFUSED',
      problems: [{ hint: expect.stringContaining(`ALTER ROLE "${role.name}" CREATEDB`) }],
    });
  });

  test.each([
    ['a name that is not in the folder', ['baseline', '0009'], 65],
    ['no name', ['baseline'], 64],
    ['two names', ['baseline', '0001_init', '0002_code'], 64],
  ])('refuses %s', async (_title, args, status) => {
    const { run } = await prepare('SELECT 1');
    expect((await run(...args)).code).toBe(status);
  });

  test('refuses a database that has a history of its own', async () => {
    const { app, database, run } = await prepare('SELECT 1');
    expect((await run('migrate')).code).toBe(0);
    await app.addMigration('0004', 'SELECT 1');
    const { code, stdout } = await run('baseline', '0004');
    expect(code).toBe(65);
    expect(stdout).toContain('has a migration history already: 3 records');
    expect(await database.migrations()).toHaveLength(3);
  });

  test('runs nothing of migrations that act on more than their own database, and names the lines', async () => {
    const { app, database, run } = await prepare(SCHEMA_OF_TWO);
    const role = await createRole({ login: false });
    await app.addMigration('0002_d', `SELECT 1;\n\nALTER ROLE ${role.name} LOGIN`);
    await app.addMigration('0002_e', `DO $$ BEGIN EXECUTE 'COMMENT ON ROLE ${role.name} IS NULL'; END $$`);
    const { code, logs } = await run('baseline', '0002_e');
    expect(code).toBe(65);
    expect(logs.at(-1)?.error).toMatchObject({
      code: 'BASELINE_REFUSED',
      problems: [
        {
          hint: expect.stringContaining('resolve --applied NAME'),
          details: [
            'prisma/migrations/0002_d/migration.sql:3 changes a role',
            expect.stringContaining('0002_e/migration.sql:1 describes a role'),
          ],
        },
      ],
    });
    expect(logs.some(({ event }) => event === 'scratch')).toBe(false);
    expect(
      await database.admin(`SELECT rolcanlogin AS login FROM pg_roles WHERE rolname = '${role.name}'`),
    ).toEqual([{ login: false }]);
    expect(await database.migrations()).toEqual([]);
    // Those before them are proved as ever.
    expect((await run('baseline', '0002_code')).code).toBe(0);
  });

  test('names the migration that fails on an empty database', async () => {
    const { app, database, run } = await prepare(SCHEMA_OF_TWO);
    await app.addMigration('0000_bad', 'ALTER TABLE "Nowhere" ADD x int');
    const { code, stdout } = await run('baseline', '0002_code');
    expect(code).toBe(65);
    expect(stdout).toMatch(/BASELINE_REFUSED.*could not be applied to an empty database.*0000_bad.*42P01/);
    expect(await database.migrations()).toEqual([]);
    expect(await scratchDatabases(database)).toBe(0);
  });
});
