import { describe, expect, test } from 'vitest';
import { runBundle } from '../helpers/bundle.ts';
import { createDatabase, createRole } from '../helpers/database.ts';
import { watchFrontend } from '../helpers/frontend-messages.ts';
import { SearchPathModel } from '../helpers/names-in-sql.ts';
import { createStandalone } from '../helpers/standalone.ts';

const SCRIPTS = {
  '0001_users': 'CREATE TABLE public.users (id int PRIMARY KEY, email varchar(200))',
  '0002_index': 'CREATE INDEX CONCURRENTLY users_email ON public.users (email)',
  '0003_rows': "INSERT INTO public.users VALUES (1, 'a')",
  '0004_pairs': 'BEGIN; CREATE TABLE public.more (id int); COMMIT; BEGIN; DROP TABLE public.more; COMMIT',
  '0005_settings': "SET work_mem = '8MB'; INSERT INTO public.users VALUES (2, 'b')",
};

describe('the linter of names', () => {
  test.each([
    ['select now()', ['function now']],
    ['select pg_catalog.now()', []],
    ["select 'a'::text", ['type text']],
    ["select 'a'::pg_catalog.text, 1::int", []],
    ['select pg_catalog.pi() > 3', ['operator >']],
    ['select from t', ['relation t']],
    ['with t as (select) select from t', []],
    ['select from a.t where x in (select y from a.u)', ['operator of a subquery']],
    ['set local search_path = pg_catalog, pg_temp; select now(), 1 + 1', []],
    ['set local search_path = pg_catalog, public; select now()', ['function now']],
    ['begin; set local search_path = pg_catalog, pg_temp; commit; select now()', ['function now']],
    ['set search_path = pg_catalog, pg_temp; reset all; select now()', ['function now']],
    ['set search_path = pg_catalog, pg_temp; begin; select now(); commit', []],
  ])('finds in %s: %j', (sql, expected) => {
    expect(new SearchPathModel().read(sql)).toEqual(expected);
  });

  test('forgets what was set for one transaction, and keeps what was set for the session', () => {
    const path = new SearchPathModel();
    path.read('set local search_path = pg_catalog, pg_temp');
    expect(path.read('select now()')).toEqual(['function now']);
    path.read('set search_path = pg_catalog, pg_temp');
    expect(path.read('select now()')).toEqual([]);
  });
});

describe.each([
  ['directly', {}],
  ['behind a pooler', { pgbouncer: 'true' }],
])('%s, nothing that is sent looks for a name where others can put one', (way, parameters) => {
  test.each([
    ['a boot', [['start'], ['start'], ['check'], ['status'], ['seed', '--force'], ['wait']]],
    ['resolve', [['check'], ['resolve', '--applied', '0001_users'], ['status']]],
  ])('%s', async (_, commands) => {
    const owner = await createRole();
    const database = await createDatabase({ owner });
    const { '0002_index': _index, '0004_pairs': _pairs, ...inTransactions } = SCRIPTS;
    const migrations = way === 'directly' ? SCRIPTS : inTransactions;
    const app = await createStandalone({ migrations, server: 'crashing' });
    const wire = await watchFrontend(database);
    for (const args of commands) {
      const env = {
        DATABASE_URL: wire.through(database.urlFor(owner, parameters)),
        FIXTURE_EXIT_CODE: '0',
        ENTRYPOINT_SEED_COMMAND: 'node -e 0',
      };
      const { code, stdout } = await runBundle({ dir: app.dir, args, env });
      expect([0, args[0] === 'status' ? 65 : 0], stdout).toContain(code);
    }
    const found = wire.statements.flatMap((statements) => {
      const path = new SearchPathModel();
      return statements.flatMap((sql) => path.read(sql).map((name) => `${name} in ${sql}`));
    });
    expect(wire.statements.flat().length).toBeGreaterThan(commands.length);
    expect(found).toEqual([]);
  });
});
