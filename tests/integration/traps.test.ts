import { describe, expect, test } from 'vitest';
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

async function prepare(path: SearchPath) {
  const server: PostgresServer = await startServer();
  const { url, database, owner } = await createTrappedDatabase(server, path);
  const app = await createStandalone({ migrations: MIGRATIONS, server: 'crashing' });
  const env = {
    DATABASE_URL: url,
    FIXTURE_EXIT_CODE: '0',
    ENTRYPOINT_SEED_COMMAND: 'node -e 0',
    ENTRYPOINT_DB_TIMEOUT: '20s',
  };
  const run = (args: string[], more: BundleOptions['env'] = {}) =>
    runBundle({ dir: app.dir, args, env: { ...env, ...more } });
  return { server, url, database, owner, app, env, run };
}

describe.each<SearchPath>(['implicit', 'last'])(
  'in a database full of traps, with pg_catalog %s in the search path',
  (path) => {
    test('the traps work: who calls a function without its schema reaches one', async () => {
      const { server, database, url } = await prepare(path);
      const session = await database.connect(url);
      await session.query(
        "SELECT has_table_privilege('pg_catalog.pg_class'::pg_catalog.regclass, 'SELECT'::pg_catalog.text)",
      );
      await session.query("SELECT 'a'::pg_catalog.text || 1::pg_catalog.oid");
      expect(await trapped(server, database)).toEqual([
        expect.stringMatching(/^has_table_privilege\(regclass, text\) as role_/),
        expect.stringMatching(/^operator \|\| \(text, oid\) as role_/),
      ]);
    });

    test('no command reaches one', async () => {
      const { server, database, owner, app, run, env } = await prepare(path);
      const expectNone = async (args: string[], status: number, more: BundleOptions['env'] = {}) => {
        const { code, stdout } = await run(args, more);
        expect({ code, trapped: await trapped(server, database) }, `${args.join(' ')}\n${stdout}`).toEqual({
          code: status,
          trapped: [],
        });
      };
      await expectNone(['wait'], 0);
      await expectNone(['check'], 0);
      await expectNone(['status'], 65);
      await expectNone(['start'], 0);
      await expectNone(['check'], 0);
      await expectNone(['status'], 0);
      await expectNone(['start'], 0);
      await expectNone(['seed', '--force'], 0);

      await app.addMigration('0004_fails', 'SELECT 1/0;');
      await expectNone(['migrate'], 65, { ENTRYPOINT_MIGRATE_RETRY_FAILED: 'off' });
      await expectNone(['check'], 65);
      await expectNone(['resolve', '--rolled-back', '0004_fails'], 0);
      await expectNone(['resolve', '--applied', '0004_fails'], 0);

      const release = await database.holdBootLock();
      await app.addMigration('0005_more', 'CREATE TABLE more (id int);');
      await expectNone(['migrate'], 75, { ENTRYPOINT_LOCK_TIMEOUT: '300ms' });
      await release();

      const blocker = await database.connect();
      await blocker.query(`BEGIN; LOCK TABLE ${owner.name}.users`);
      await app.addMigration('0005_more', 'ALTER TABLE users ADD COLUMN more int;');
      await expectNone(['migrate'], 75, {
        ENTRYPOINT_MIGRATE_LOCK_TIMEOUT: '200ms',
        ENTRYPOINT_LOCK_TIMEOUT: '1s',
      });
      await expectNone(['check'], 75, { ENTRYPOINT_DB_TIMEOUT: '4s' });
      await blocker.query('ROLLBACK');
      await expectNone(['migrate'], 0);
      await app.addMigration('0006_settings', "SET work_mem = '8MB'; CREATE TABLE settled (id int);");
      await expectNone(['migrate'], 0, { DATABASE_URL: `${env.DATABASE_URL}?pgbouncer=true` });
    });
  },
);
