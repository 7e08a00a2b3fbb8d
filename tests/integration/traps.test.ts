import { beforeAll, describe, expect, test } from 'vitest';
import { type BundleOptions, runBundle } from '../helpers/bundle.ts';
import { startServer } from '../helpers/postgres.ts';
import type { PostgresServer } from '../helpers/postgres-server.ts';
import { createStandalone } from '../helpers/standalone.ts';
import { createTrappedDatabase, type SearchPath, trapped } from '../helpers/traps.ts';

/** Of types that are words of the grammar: nothing of the scripts' own is looked for in any schema. */
const MIGRATIONS = {
  '0001_users': 'CREATE TABLE users (id int PRIMARY KEY, email varchar(200));',
  '0002_index': 'CREATE INDEX CONCURRENTLY users_email ON users (email);',
  '0003_rows': "INSERT INTO users VALUES (1, 'a');",
};

let server: PostgresServer;
beforeAll(async () => {
  server = await startServer();
});

/** `expectNone` runs a command, which ends with a status and reaches no trap. */
async function prepare(path: SearchPath) {
  const { url, database, owner } = await createTrappedDatabase(server, path);
  const app = await createStandalone({ migrations: MIGRATIONS, server: 'crashing' });
  const env = {
    DATABASE_URL: url,
    FIXTURE_EXIT_CODE: '0',
    ENTRYPOINT_SEED_COMMAND: 'node -e 0',
    ENTRYPOINT_DB_TIMEOUT: '20s',
  };
  const expectNone = async (args: string[], status: number, more: BundleOptions['env'] = {}) => {
    const { code, stdout } = await runBundle({ dir: app.dir, args, env: { ...env, ...more } });
    const reached = await trapped(server, database, owner);
    expect({ code, reached }, `${args.join(' ')}\n${stdout}`).toEqual({ code: status, reached: [] });
  };
  return { url, database, owner, app, expectNone };
}

describe.each<SearchPath>(['implicit', 'last'])(
  'in a database full of traps, with pg_catalog %s in the search path, none is reached by',
  (path) => {
    test('a boot, the commands before it, and those after it', async () => {
      const { expectNone } = await prepare(path);
      await expectNone(['wait'], 0);
      await expectNone(['check'], 0);
      await expectNone(['status'], 65);
      await expectNone(['start'], 0);
      await expectNone(['check'], 0);
      await expectNone(['status'], 0);
      await expectNone(['start'], 0);
      await expectNone(['seed', '--force'], 0);
    });

    test('a push, the commands before it, and those after it', async () => {
      const { url, database, owner, app, expectNone } = await prepare(path);
      await database.query(`CREATE SCHEMA pushed AUTHORIZATION ${owner.name}`);
      const amongTraps = { ENTRYPOINT_MIGRATE: 'push' };
      const push = { ...amongTraps, DATABASE_URL: `${url}?schema=pushed` };
      const schemaOf = (fields: string, values: string) =>
        `datasource db {\n  provider = "postgresql"\n}\nenum Mood {\n${values}\n}\nmodel users {\n  id Int @id @default(autoincrement())\n  email String @unique @db.VarChar(200)\n  mood Mood @default(A)\n${fields}\n}\n`;
      await app.write(
        'prisma/schema.prisma',
        schemaOf('  gone Json?\n  at DateTime @default(now())', 'A\nB'),
      );
      for (const command of ['check', 'status', 'migrate']) await expectNone([command], 65, amongTraps);
      await expectNone(['check'], 0, push);
      await expectNone(['status'], 65, push);
      await expectNone(['migrate'], 0, push);
      await app.write('prisma/schema.prisma', schemaOf('  more BigInt\n  tags String[]', 'A\nB\nC'));
      await expectNone(['check'], 0, push);
      await expectNone(['migrate'], 0, push);
      await expectNone(['status'], 0, push);
    });

    test('a baseline', async () => {
      const { database, owner, expectNone } = await prepare(path);
      await database.query(`ALTER ROLE ${owner.name} CREATEDB`);
      await expectNone(['baseline', '0001_users'], 65);
      await expectNone(['status'], 65);
    });

    test('a migration that fails, and what settles it', async () => {
      const { app, expectNone } = await prepare(path);
      await app.addMigration('0004_fails', 'SELECT 1/0;');
      await expectNone(['migrate'], 65, { ENTRYPOINT_MIGRATE_RETRY_FAILED: 'off' });
      await expectNone(['check'], 65);
      await expectNone(['resolve', '--rolled-back', '0004_fails'], 0);
      await expectNone(['resolve', '--applied', '0004_fails'], 0);
    });

    test('who waits for the boot lock', async () => {
      const { database, expectNone } = await prepare(path);
      await database.holdBootLock();
      await expectNone(['migrate'], 75, { ENTRYPOINT_LOCK_TIMEOUT: '300ms' });
    });

    test('who waits for a table', async () => {
      const { database, owner, app, expectNone } = await prepare(path);
      await expectNone(['migrate'], 0);
      const blocker = await database.connect();
      await blocker.query(`BEGIN; LOCK TABLE ${owner.name}.users`);
      await app.addMigration('0004_more', 'ALTER TABLE users ADD COLUMN more int;');
      const limits = { ENTRYPOINT_MIGRATE_LOCK_TIMEOUT: '200ms', ENTRYPOINT_LOCK_TIMEOUT: '1s' };
      await expectNone(['migrate'], 75, limits);
      await expectNone(['check'], 75, { ENTRYPOINT_DB_TIMEOUT: '4s' });
      await blocker.query('ROLLBACK');
      await expectNone(['migrate'], 0);
    });

    test('a boot behind a pooler', async () => {
      const { url, app, expectNone } = await prepare(path);
      await app.remove('prisma/migrations/0002_index');
      await app.addMigration('0004_settings', "SET work_mem = '8MB'; CREATE TABLE settled (id int);");
      await expectNone(['start'], 0, { DATABASE_URL: `${url}?pgbouncer=true` });
    });
  },
);

test.each<SearchPath>(['implicit', 'last'])(
  'the traps work, with pg_catalog %s in the search path',
  async (path) => {
    const { database, owner, url } = await prepare(path);
    const session = await database.connect(url);
    await session.query(
      "SELECT has_table_privilege('pg_catalog.pg_class'::pg_catalog.regclass, 'SELECT'::pg_catalog.text)",
    );
    await session.query("SELECT 'a'::pg_catalog.text || 1::pg_catalog.oid");
    expect(await trapped(server, database, owner)).toEqual([
      'has_table_privilege(regclass, text)',
      'operator || (text, oid)',
    ]);
  },
);
