import { describe, expect, test } from 'vitest';
import { type BundleOutput, runBundle, startBundle } from '../../helpers/bundle.ts';
import { createDatabase, createRole, type Database } from '../../helpers/database.ts';
import { startServer } from '../../helpers/postgres.ts';
import type { AnyProblem } from '../../helpers/problems.ts';
import { createStandalone, type Standalone, USERS_MIGRATION } from '../../helpers/standalone.ts';

const run = (app: Standalone, database: Database, env: Record<string, string> = {}, args = ['migrate']) =>
  runBundle({ dir: app.dir, args, env: { DATABASE_URL: database.url, ...env } });

function problemOf({ logs }: BundleOutput): AnyProblem & { details: string[] } {
  const [problem] = (logs.at(-1)?.error?.problems ?? []) as (AnyProblem & { details: string[] })[];
  if (problem === undefined) throw new Error('there is no problem');
  return problem;
}

async function fail(script: string | Buffer, env: Record<string, string> = {}) {
  const app = await createStandalone({ migrations: { '0001_users': USERS_MIGRATION, '0002_bad': script } });
  const database = await createDatabase();
  const boot = await run(app, database, env);
  expect(boot.code).toBe(65);
  expect(boot.logs.at(-1)).toMatchObject({ step: 'migrate', exitStatus: 65, retryable: false });
  return { app, database, boot, problem: problemOf(boot) };
}

describe('a migration that fails', () => {
  test('names its line, shows it with a caret, and PostgreSQL’s own words', async () => {
    const script = `-- one\n-- two\nCREATE TABLE a (id int);\n\nCREATE TABLE b (\n  id int,\n  name tetx\n);\n`;
    const { boot, problem, database } = await fail(script);
    expect(boot.logs.at(-1)?.error?.code).toBe('MIGRATION_FAILED');
    expect(problem.message).toBe(
      'Migration failed at prisma/migrations/0002_bad/migration.sql:7: ERROR 42704: type "tetx" does not exist',
    );
    expect(problem.details.slice(0, 2)).toEqual(['7 |   name tetx', '  |        ^']);
    expect(problem.details.join('\n')).toContain('node entrypoint.js resolve --applied 0002_bad');
    expect(await database.query("SELECT to_regclass('a') AS a")).toEqual([{ a: null }]);
  });

  test('leaves no record, and is applied when it has been corrected', async () => {
    const { app, database } = await fail('CREATE TABLE a (id int); SELEC 1;');
    expect((await database.migrations()).map((record) => record.migration_name)).toEqual(['0001_users']);
    await app.addMigration('0002_bad', 'CREATE TABLE a (id int);');
    expect((await run(app, database)).code).toBe(0);
    expect(await database.migrations()).toMatchObject([
      { finished: true },
      { finished: true, applied_steps_count: 1 },
    ]);
  });

  test.each([
    ['CRLF and a BOM', '\uFEFF-- a\r\n-- b\r\nSELECT 1;\r\nSELEC 2;\r\n', 4, '4 | SELEC 2;'],
    [
      'letters of several units before it',
      "SELECT '😀😀', 'é';\nSELECT '😀' AS x, tetx;",
      2,
      "2 | SELECT '😀' AS x, tetx;",
    ],
    ['a quote that is never closed', "SELECT 1;\n\nSELECT 'open;\n", 3, "3 | SELECT 'open;"],
    ['a dollar quote that is never closed', 'SELECT 1;\nDO $$ BEGIN\n', 2, '2 | DO $$ BEGIN'],
    [
      'an error at run time, of which the server tells no position',
      'SELECT 1;\n\nSELECT 1 / 0;\nSELECT 2;',
      3,
      '3 | SELECT 1 / 0;',
    ],
    [
      'an error in a DO block',
      'SELECT 1;\nDO $$\nBEGIN\n  RAISE EXCEPTION $m$no; way$m$;\nEND $$;',
      2,
      '2 | DO $$',
    ],
  ])('is located behind %s', async (_, script, line, shown) => {
    const { problem } = await fail(Buffer.from(script));
    expect(problem.message).toContain(
      `Migration failed at prisma/migrations/0002_bad/migration.sql:${line}: `,
    );
    expect(problem.details[0]).toBe(shown);
  });

  test('keeps detail, hint and context of the server', async () => {
    const { problem } = await fail(`DO $$ BEGIN
      RAISE EXCEPTION 'no' USING DETAIL = 'the detail', HINT = 'the hint', ERRCODE = 'ZX001'; END $$;`);
    expect(problem.message).toMatch(/: ERROR ZX001: no$/);
    expect(problem.details).toEqual(expect.arrayContaining(['DETAIL: the detail', 'HINT: the hint']));
    expect(problem.details.join('\n')).toMatch(/CONTEXT: PL\/pgSQL function/);
  });

  test('starts the server all the same where ENTRYPOINT_MIGRATE_ON_ERROR=continue, with a warning', async () => {
    const app = await createStandalone({
      server: 'crashing',
      migrations: { '0001_bad': 'SELEC 1' },
      seed: 'works',
    });
    const boot = await run(
      app,
      await createDatabase(),
      { ENTRYPOINT_MIGRATE_ON_ERROR: 'continue', FIXTURE_EXIT_CODE: '7' },
      [],
    );
    expect(boot.code).toBe(7);
    expect(boot.logs.find(({ event }) => event === 'continued')).toMatchObject({
      level: 'warn',
      step: 'migrate',
      error: { code: 'MIGRATION_FAILED' },
    });
    expect(boot.logs.find(({ step, event }) => step === 'seed' && event === 'skipped')?.msg).toBe(
      'skipped: a migration failed, and there is no table users, User, user',
    );
  });

  test('leaves a failed record where ENTRYPOINT_MIGRATE_RETRY_FAILED=off, which waits for `resolve`', async () => {
    const off = { ENTRYPOINT_MIGRATE_RETRY_FAILED: 'off' };
    const { app, database } = await fail('CREATE TABLE a (id int); SELECT 1 / 0;', off);
    expect((await database.migrations()).at(-1)).toMatchObject({
      migration_name: '0002_bad',
      finished: false,
    });
    const again = await run(app, database, off);
    expect(again.code).toBe(65);
    expect(again.logs.at(-1)?.error?.code).toBe('MIGRATION_UNRESOLVED');
    expect(problemOf(again).details).toEqual(
      expect.arrayContaining([
        'node entrypoint.js resolve --rolled-back 0002_bad  # the database has nothing of it; it is applied again',
        'ERROR 22012: division by zero',
      ]),
    );
    await app.addMigration('0002_bad', 'CREATE TABLE a (id int);');
    expect((await run(app, database, off, ['resolve', '--rolled-back', '0002_bad'])).code).toBe(0);
    expect((await run(app, database, off)).code).toBe(0);
    expect((await database.migrations()).filter(({ finished }) => finished)).toHaveLength(2);
  });

  test('between two of its own transactions continues after the first once the rest is fixed', async () => {
    const { app, database, problem } = await fail(
      `BEGIN; SET LOCAL lock_timeout = '9s'; CREATE TABLE a (id int); COMMIT; INSERT INTO a VALUES (1); SELECT 1 / 0;`,
    );
    expect(problem.hint).toContain('1 of its 2 transactions is committed');
    expect(await database.query('SELECT * FROM a')).toEqual([]);
    expect(problemOf(await run(app, database)).message).toContain('division by zero');
    const status = await run(app, database, {}, ['status', '--json']);
    expect(JSON.parse(status.stdout)).toMatchObject({ interrupted: ['0002_bad'], failed: [] });
    await app.addMigration(
      '0002_bad',
      `BEGIN; SET LOCAL lock_timeout = '9s'; CREATE TABLE a (id int); COMMIT; INSERT INTO a VALUES (2);`,
    );
    expect((await run(app, database)).code).toBe(0);
    expect(await database.query('SELECT * FROM a')).toEqual([{ id: 2 }]);
    expect((await run(app, database, {}, ['status'])).code).toBe(0);
  });

  test('between two of its own transactions requires manual action if the first was edited since', async () => {
    const { app, database } = await fail(
      `BEGIN; SET LOCAL lock_timeout = '9s'; CREATE TABLE a (id int); COMMIT; SELECT 1 / 0;`,
    );
    await app.addMigration(
      '0002_bad',
      `BEGIN; SET LOCAL lock_timeout = '9s'; CREATE TABLE a (id bigint); COMMIT; SELECT 1;`,
    );
    const boot = await run(app, database);
    expect(boot.logs.at(-1)?.error?.code).toBe('MIGRATION_UNRESOLVED');
    expect(problemOf(boot).details.join('\n')).toContain('edited since');
    expect((await run(app, database, {}, ['resolve', '--applied', '0002_bad'])).code).toBe(0);
    expect((await run(app, database)).code).toBe(0);
  });

  test('between two of its own transactions, of which the first changed the session, requires manual action', async () => {
    const { app, database, problem } = await fail(
      `BEGIN; SET LOCAL lock_timeout = '9s'; SET statement_timeout = '9s'; CREATE TABLE a (id int); COMMIT; SELECT 1 / 0;`,
    );
    expect(problem.hint).toContain('1 of its 2 transactions is committed and changed the session');
    expect((await run(app, database)).logs.at(-1)?.error?.code).toBe('MIGRATION_UNRESOLVED');
    expect((await run(app, database, {}, ['resolve', '--applied', '0002_bad'])).code).toBe(0);
    expect((await run(app, database)).code).toBe(0);
  });

  test('after it may have committed requires manual action, and names both commands that record the outcome', async () => {
    const { app, database, problem } = await fail(
      'CREATE TABLE a (id int); ROLLBACK; SELECT 1; SELECT 1 / 0;',
    );
    expect(problem.hint).toContain('its own transaction control');
    expect(problem.details.join('\n')).toMatch(
      /resolve --applied 0002_bad[\s\S]*resolve --rolled-back 0002_bad/,
    );
    expect((await run(app, database)).logs.at(-1)?.error?.code).toBe('MIGRATION_UNRESOLVED');
    expect((await run(app, database, {}, ['resolve', '--applied', '0002_bad'])).code).toBe(0);
    expect((await run(app, database)).code).toBe(0);
  });

  test('before it can have committed leaves no record, whatever it is written as', async () => {
    const { app, database, problem } = await fail('CREATE TABLE a (id int); SELECT 1 / 0; ROLLBACK;');
    expect(problem.hint).toContain('Nothing of it was applied, and it left no record');
    expect((await database.migrations()).map(({ migration_name }) => migration_name)).toEqual(['0001_users']);
    await app.addMigration('0002_bad', 'SELECT 1;');
    expect((await run(app, database)).code).toBe(0);
  });

  test('because statements in it only run alone names them, as check does before', async () => {
    const script = 'CREATE TABLE a (id int);\nCREATE INDEX CONCURRENTLY i ON a (id);\n\nVACUUM a;\n';
    const { app, database, problem } = await fail(script);
    const named = [
      'line 2: CREATE INDEX CONCURRENTLY must be the only statement of its migration',
      'line 4: VACUUM must be the only statement of its migration',
    ];
    expect(problem.details).toEqual(expect.arrayContaining(named));
    expect((await database.migrations()).map(({ migration_name }) => migration_name)).toEqual(['0001_users']);
    const check = await run(app, database, {}, ['check']);
    expect(check.code).toBe(65);
    for (const line of named) expect(check.stdout).toContain(line);
    const before = await run(app, await createDatabase({ create: false }), {}, ['check']);
    expect(before.code).toBe(65);
    for (const line of named) expect(before.stdout).toContain(line);
  });
});

describe('a history', () => {
  test('of several migrations is applied in order, and only the last one waits for the disk', async () => {
    const atCommit = `CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$;
      CREATE CONSTRAINT TRIGGER look AFTER INSERT ON steps DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION look();`;
    const app = await createStandalone({
      migrations: {
        '1_a': `CREATE TABLE seen (way text); CREATE TABLE steps (); ${atCommit} INSERT INTO steps DEFAULT VALUES`,
        '2_b': 'INSERT INTO steps DEFAULT VALUES',
        '3_c': 'INSERT INTO steps DEFAULT VALUES',
      },
    });
    const database = await createDatabase();
    expect((await run(app, database)).code).toBe(0);
    expect(await database.query('SELECT way FROM seen')).toEqual([
      { way: 'off' },
      { way: 'off' },
      { way: 'on' },
    ]);
    const order = `SELECT migration_name AS name, started_at <= finished_at AS ended,
      started_at > lag(finished_at) OVER (ORDER BY migration_name) AS waited FROM _prisma_migrations ORDER BY 1`;
    expect(await database.query(order)).toEqual([
      { name: '1_a', ended: true, waited: null },
      { name: '2_b', ended: true, waited: true },
      { name: '3_c', ended: true, waited: true },
    ]);
  });

  test('with nothing to do takes no lock and says so', async () => {
    const app = await createStandalone();
    const database = await createDatabase();
    expect((await run(app, database)).code).toBe(0);
    const boot = await run(app, database);
    expect(boot.code).toBe(0);
    expect(boot.logs.filter(({ step }) => step === 'lock')).toEqual([]);
    expect(boot.logs.find(({ event }) => event === 'skipped')).toMatchObject({
      step: 'migrate',
      msg: 'nothing to migrate: 1 migration applied',
    });
  });

  test('with an edited migration is reported, and the boot continues', async () => {
    const app = await createStandalone();
    const database = await createDatabase();
    await run(app, database);
    await app.addMigration('20260101000000_create_users', `${USERS_MIGRATION}-- edited`);
    await app.addMigration('20260102000000_more', 'CREATE TABLE more (id int)');
    const boot = await run(app, database);
    expect(boot.code).toBe(0);
    expect(boot.logs.find(({ event }) => event === 'edited')).toMatchObject({
      level: 'warn',
      migrations: ['20260101000000_create_users'],
    });
    expect(await database.migrations()).toHaveLength(2);
  });

  test('that is ahead of the image is reported, or refused with exit status 65', async () => {
    const app = await createStandalone();
    const database = await createDatabase();
    await app.addMigration('20270101000000_later', 'CREATE TABLE later (id int)');
    await run(app, database);
    await app.remove('prisma/migrations/20270101000000_later');
    const warned = await run(app, database);
    expect(warned.code).toBe(0);
    expect(warned.logs.find(({ event }) => event === 'ahead')).toMatchObject({
      level: 'warn',
      migrations: ['20270101000000_later'],
    });
    const refused = await run(app, database, { ENTRYPOINT_DATABASE_AHEAD: 'refuse' });
    expect(refused.code).toBe(65);
    expect(refused.logs.at(-1)?.error?.code).toBe('DATABASE_AHEAD');
  });

  test('that a database with tables of its own lacks is asked for, and settled by a baseline', async () => {
    const app = await createStandalone();
    const database = await createDatabase();
    await database.query(USERS_MIGRATION);
    const boot = await run(app, database);
    expect(boot.code).toBe(65);
    expect(boot.logs.at(-1)?.error?.code).toBe('DATABASE_NOT_EMPTY');
    expect(problemOf(boot).details).toEqual(['node entrypoint.js baseline 20260101000000_create_users']);
    expect((await run(app, database, {}, ['baseline', '20260101000000_create_users'])).code).toBe(0);
    expect((await run(app, database)).code).toBe(0);
  });

  test.each([
    ['with', []],
    ['without', ['prisma']],
  ])('can be left to others, %s a Prisma folder in the image', async (_, omit) => {
    const app = await createStandalone({ omit });
    const database = await createDatabase();
    const env = { DATABASE_URL: database.url, ENTRYPOINT_MIGRATE: 'skip' };
    for (const args of [['migrate'], ['check']]) {
      expect(await runBundle({ dir: app.dir, args, env })).toMatchObject({ code: 0 });
    }
    const boot = await startBundle({ dir: app.dir, env });
    await boot.waitForServer();
    expect(await database.migrations()).toEqual([]);
    expect(await run(app, database, env, ['status'])).toMatchObject({ code: omit.length > 0 ? 66 : 65 });
  });
});

describe('the schema of the URL', () => {
  test.each(['public', 'app'])('%s holds the history and what has no schema of its own', async (schema) => {
    const app = await createStandalone({
      migrations: { '0001': USERS_MIGRATION, '0002': 'ALTER TABLE users ADD a int' },
    });
    const database = await createDatabase();
    const url = database.urlFor(undefined, { schema });
    const boot = await runBundle({ dir: app.dir, args: ['migrate'], env: { DATABASE_URL: url } });
    expect(boot.code).toBe(0);
    expect(await database.migrations(schema)).toMatchObject([{ finished: true }, { finished: true }]);
    const tables = await database.query(
      "SELECT schemaname AS s FROM pg_tables WHERE tablename IN ('users', '_prisma_migrations')",
    );
    expect(tables).toEqual([{ s: schema }, { s: schema }]);
    const again = await runBundle({ dir: app.dir, args: ['status'], env: { DATABASE_URL: url } });
    expect(again.code).toBe(0);
  });

  test.each(['Upper Case and spaces', 'a "quoted" one', '"', "it's", 'a.b', '100% $1 $&'])(
    'may be called %s',
    async (schema) => {
      const app = await createStandalone({ migrations: { '0001_users': USERS_MIGRATION } });
      const database = await createDatabase();
      const env = { DATABASE_URL: database.urlFor(undefined, { schema }) };
      expect(await run(app, database, env)).toMatchObject({ code: 0 });
      expect(await database.migrations(schema)).toMatchObject([{ migration_name: '0001_users' }]);
      const tables = 'SELECT table_schema FROM information_schema.tables WHERE table_name = $1';
      expect(await database.query(tables, ['users'])).toEqual([{ table_schema: schema }]);
      await app.addMigration('0002_bad', 'SELECT nothing');
      const failing = { ...env, ENTRYPOINT_MIGRATE_RETRY_FAILED: 'off' };
      expect(await run(app, database, failing)).toMatchObject({ code: 65 });
      for (const args of [['check'], ['status']])
        expect(await run(app, database, env, args)).toMatchObject({ code: 65 });
      const resolve = ['resolve', '--applied', '0002_bad'];
      expect(await run(app, database, env, resolve)).toMatchObject({ code: 0 });
      for (const args of [['check'], ['status'], ['migrate']])
        expect(await run(app, database, env, args)).toMatchObject({ code: 0 });
    },
  );

  test('may be several that the datasource names', async () => {
    const app = await createStandalone({
      schema: {
        'a.prisma': 'datasource db {\n provider = "postgresql"\n schemas = ["one", "two"]\n}\n',
        'b.prisma': '',
      },
      migrations: {
        '0001':
          'CREATE SCHEMA "one"; CREATE SCHEMA "two"; CREATE TABLE "one"."a" (id int); CREATE TABLE "two"."a" (id int)',
      },
    });
    const database = await createDatabase();
    expect((await run(app, database)).code).toBe(0);
    expect((await run(app, database, {}, ['status'])).code).toBe(0);
  });
});

describe('a role without rights', () => {
  test('is refused with what it lacks: exit 77', async () => {
    const app = await createStandalone();
    const database = await createDatabase();
    const role = await createRole();
    const boot = await runBundle({
      dir: app.dir,
      args: ['migrate'],
      env: { DATABASE_URL: database.urlFor(role) },
    });
    expect(boot.code).toBe(77);
    expect(boot.logs.at(-1)?.error?.code).toBe('DATABASE_ACCESS_REFUSED');
  });
});

test('a read-only standby is used if there is nothing to write, and refused otherwise with exit status 77', async () => {
  const server = await startServer();
  const database = await createDatabase({ server });
  const app = await createStandalone({ server: 'crashing' });
  await run(app, database);
  await server.becomeStandby();
  const boot = await run(app, database, { FIXTURE_EXIT_CODE: '5' }, []);
  expect(boot.code).toBe(5);
  expect(boot.logs.find(({ step, event }) => step === 'database' && event === 'done')).toMatchObject({
    standby: true,
  });
  await app.addMigration('20270101000000_more', 'CREATE TABLE more (id int)');
  const refused = await run(app, database, {}, []);
  expect(refused.code).toBe(77);
  expect(refused.logs.at(-1)?.error?.code).toBe('DATABASE_READ_ONLY');
});
