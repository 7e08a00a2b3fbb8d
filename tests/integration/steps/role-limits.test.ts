import { describe, expect, test } from 'vitest';
import { type BundleOutput, runBundle } from '../../helpers/bundle.ts';
import { createDatabase, createRole } from '../../helpers/database.ts';
import { hasPgBouncer, pgBouncerTitle, startPgBouncer } from '../../helpers/pgbouncer.ts';
import type { AnyProblem } from '../../helpers/problems.ts';
import { createStandalone, type StandaloneOptions, USERS_MIGRATION } from '../../helpers/standalone.ts';

/** The limits that a role can set against sessions and transactions that take their time. */
const LIMITS = {
  idle_session_timeout: '1s',
  idle_in_transaction_session_timeout: '1s',
  transaction_timeout: '1s',
};
/** Longer than these. */
const LONG = { command: ['sleep', '2.5'], exclusive: true };
const LONG_SCRIPT = `${USERS_MIGRATION}SELECT pg_sleep(2.5);`;
const SCHEMA = 'datasource db {\n  provider = "postgresql"\n}\nmodel users {\n  id Int @id\n}\n';

const withHooks = (stage: string) => ({
  'zarpe.config.json': JSON.stringify({ hooks: { [stage]: [LONG] } }),
});
const failureOf = ({ logs }: BundleOutput) => logs.at(-1)?.error;

async function createRoleWith(settings: Record<string, string>) {
  const role = await createRole({ superuser: true, settings });
  const database = await createDatabase({ owner: role });
  return { database, role, url: database.urlFor(role) };
}

describe('the time limits of a role', () => {
  const works: [what: string, options: StandaloneOptions, env: Record<string, string>][] = [
    ['a hook before the migrations', { files: withHooks('beforeMigrate') }, {}],
    ['a hook after them', { files: withHooks('afterMigrate') }, {}],
    [
      'a seed',
      { files: { 'seed.js': 'setTimeout(() => {}, 2500)' }, packageType: 'none' },
      { ENTRYPOINT_SEED: 'always' },
    ],
    ['a migration', { migrations: { '1_users': LONG_SCRIPT } }, {}],
    [
      'the one after a migration that resets its session',
      { migrations: { '1_reset': 'RESET ALL; SELECT 1;', '2_users': LONG_SCRIPT } },
      {},
    ],
    [
      'a migration of several transactions',
      {
        migrations: {
          '1_a': `BEGIN; SET LOCAL lock_timeout = '9s'; CREATE TABLE a (); COMMIT; BEGIN; ${LONG_SCRIPT} COMMIT;`,
        },
      },
      {},
    ],
  ];

  test.each(works)('do not end the boot while %s takes longer', async (_what, options, env) => {
    const { url } = await createRoleWith(LIMITS);
    const app = await createStandalone({ server: 'crashing', ...options });
    const run = await runBundle({
      dir: app.dir,
      env: { DATABASE_URL: url, FIXTURE_EXIT_CODE: '0', ...env },
    });
    expect(run.code, run.stdout).toBe(0);
  });

  test.skipIf(!hasPgBouncer)(
    `do not end it behind ${pgBouncerTitle} either, and stay for its other clients`,
    async () => {
      const { database, role, url } = await createRoleWith(LIMITS);
      const account = { ...database, user: role.name, password: role.password };
      const pooler = await startPgBouncer(account, { poolMode: 'transaction', poolSize: 2 });
      const app = await createStandalone({
        server: 'crashing',
        migrations: { '1_users': LONG_SCRIPT },
        files: withHooks('afterMigrate'),
      });
      const DATABASE_URL = pooler.through(url);
      const run = await runBundle({ dir: app.dir, env: { DATABASE_URL, FIXTURE_EXIT_CODE: '0' } });
      expect(run.code, run.stdout).toBe(0);
      const other = await database.connect(DATABASE_URL);
      const { rows } = await other.query(
        `SELECT name, setting FROM pg_settings WHERE name = ANY ($1) AND setting <> '1000'`,
        [Object.keys(LIMITS)],
      );
      expect(rows).toEqual([]);
    },
  );

  test('do not end a replica that waits for the boot lock', async () => {
    const { database, url } = await createRoleWith({
      ...LIMITS,
      lock_timeout: '1ms',
      statement_timeout: '500ms',
    });
    const app = await createStandalone();
    const release = await database.holdBootLock();
    const run = runBundle({
      dir: app.dir,
      args: ['migrate'],
      env: { DATABASE_URL: url, ENTRYPOINT_LOCK_TIMEOUT: '3s' },
    });
    expect(await run).toMatchObject({ code: 75 });
    expect(failureOf(await run)?.code).toBe('LOCK_TIMEOUT');
    await release();
  });

  test('a statement_timeout holds for the statements of migrations', async () => {
    const { database, url } = await createRoleWith({ ...LIMITS, statement_timeout: '500ms' });
    const app = await createStandalone({ migrations: { '1_users': LONG_SCRIPT } });
    const env = { DATABASE_URL: url };
    const run = await runBundle({ dir: app.dir, args: ['migrate'], env });
    expect(run.code).toBe(65);
    expect(failureOf(run)?.code).toBe('MIGRATION_FAILED');
    expect(await database.migrations()).toEqual([]);
    const longer = { ...env, ENTRYPOINT_MIGRATE_STATEMENT_TIMEOUT: '1m' };
    expect(await runBundle({ dir: app.dir, args: ['migrate'], env: longer })).toMatchObject({ code: 0 });
  });
});

describe('a transaction_timeout that a script sets', () => {
  test.each([
    [
      'one transaction',
      `SET LOCAL transaction_timeout = '300ms'; ${LONG_SCRIPT}`,
      'Nothing of it was applied',
    ],
    [
      'transactions of its own',
      `BEGIN; CREATE TABLE a (); COMMIT; BEGIN; SET LOCAL transaction_timeout = '300ms'; ${LONG_SCRIPT} COMMIT;`,
      'Nothing of it was applied',
    ],
  ])('fails the migration for good: %s', async (_what, script, left) => {
    const database = await createDatabase();
    const app = await createStandalone({ migrations: { '1_users': script } });
    const run = await runBundle({ dir: app.dir, args: ['migrate'], env: { DATABASE_URL: database.url } });
    expect(run.code, run.stdout).toBe(65);
    expect(failureOf(run)?.code).toBe('MIGRATION_FAILED');
    const [problem] = (failureOf(run)?.problems ?? []) as AnyProblem[];
    expect(problem?.message).toContain('25P04');
    expect(problem?.hint).toContain(left);
    expect(problem?.details?.join('\n')).toMatch(/NOTE: .*transaction_timeout/);
    expect(await database.migrations()).toEqual([]);
  });
});

test('a push under the limits of the role is planned and applied', async () => {
  const { database, url } = await createRoleWith({ ...LIMITS, idle_in_transaction_session_timeout: '20ms' });
  const app = await createStandalone({ omit: ['prisma/migrations'], schema: SCHEMA });
  const env = { DATABASE_URL: url, ENTRYPOINT_MIGRATE: 'push' };
  const run = await runBundle({ dir: app.dir, args: ['migrate'], env });
  expect(run.code, run.stdout).toBe(0);
  expect(await database.query('SELECT FROM users')).toEqual([]);
});

test('check looks at pending migrations under the limits of the role', async () => {
  const { url } = await createRoleWith({ ...LIMITS, idle_in_transaction_session_timeout: '20ms' });
  const app = await createStandalone();
  const run = await runBundle({ dir: app.dir, args: ['check'], env: { DATABASE_URL: url } });
  expect(run.code, run.stdout).toBe(0);
});

describe.skipIf(!hasPgBouncer)(`temporary tables of another client of ${pgBouncerTitle}`, () => {
  const open = async (temporary: string) => {
    const database = await createDatabase();
    const pooler = await startPgBouncer(database, { poolMode: 'transaction', poolSize: 2 });
    const DATABASE_URL = pooler.through(database.url);
    /** On each backend of the pool. */
    const leave = async () => {
      const clients = await Promise.all([1, 2].map(() => database.connect(DATABASE_URL)));
      await Promise.all(clients.map((client) => client.query(`BEGIN; ${temporary}`)));
      await Promise.all(clients.map((client) => client.query('COMMIT')));
      await Promise.all(clients.map((client) => client.end()));
    };
    return { database, env: { DATABASE_URL, FIXTURE_EXIT_CODE: '0' }, leave };
  };

  /** The boot finds the one row of the user table. */
  const expectSeedSkipped = async (dir: string, env: Record<string, string>) => {
    const run = await runBundle({ dir, env });
    expect(run.code, run.stdout).toBe(0);
    expect(run.logs.filter(({ step }) => step === 'seed').at(-1)).toMatchObject({
      event: 'skipped',
      rows: 1,
    });
  };

  test('are not taken for the user table: the seed does not run again', async () => {
    const { database, env, leave } = await open('CREATE TEMP TABLE users (id int)');
    const app = await createStandalone({
      server: 'crashing',
      migrations: { '1_users': `${USERS_MIGRATION}INSERT INTO users (email) VALUES ('a@example.org');` },
    });
    expect(
      (await runBundle({ dir: app.dir, args: ['migrate'], env: { DATABASE_URL: database.url } })).code,
    ).toBe(0);
    await app.write('seed.js', 'process.exit(1)');
    await leave();
    await expectSeedSkipped(app.dir, env);
  });

  test('do not stand for a user table that is missing, or for another candidate', async () => {
    const { env, leave } = await open('CREATE TEMP TABLE users (id int)');
    const app = await createStandalone({
      server: 'crashing',
      migrations: { '1_user': `CREATE TABLE "User" (id int); INSERT INTO "User" VALUES (1);` },
      files: { 'seed.js': 'process.exit(1)' },
    });
    await leave();
    await expectSeedSkipped(app.dir, env);
  });

  test('are not what a migration changes', async () => {
    const { database, env, leave } = await open('CREATE TEMP TABLE users (id int)');
    const app = await createStandalone({ migrations: { '1_users': USERS_MIGRATION } });
    expect((await runBundle({ dir: app.dir, args: ['migrate'], env })).code).toBe(0);
    await leave();
    await app.addMigration('2_more', 'ALTER TABLE users ADD COLUMN more int;');
    const run = await runBundle({ dir: app.dir, args: ['migrate'], env });
    expect(run.code, run.stdout).toBe(0);
    expect(await database.query('SELECT more FROM public.users')).toEqual([]);
  });

  test('are not what a push changes', async () => {
    const { database, env, leave } = await open('CREATE TEMP TABLE users (id int)');
    const app = await createStandalone({ omit: ['prisma/migrations'], schema: SCHEMA });
    const push = { dir: app.dir, args: ['migrate'], env: { ...env, ENTRYPOINT_MIGRATE: 'push' } };
    expect((await runBundle(push)).code).toBe(0);
    await leave();
    await app.write('prisma/schema.prisma', SCHEMA.replace('@id\n', '@id\n  more Int?\n'));
    const run = await runBundle(push);
    expect(run.code, run.stdout).toBe(0);
    expect(await database.query('SELECT more FROM public.users')).toEqual([]);
  });
});

describe('a schema of PostgreSQL itself', () => {
  test.each(['pg_catalog', 'information_schema', 'pg_toast', 'pg_temp'])(
    'is refused for the tables of the app, without advice to baseline: %s',
    async (schema) => {
      const database = await createDatabase();
      const app = await createStandalone();
      const DATABASE_URL = database.urlFor(undefined, { schema });
      const run = await runBundle({ dir: app.dir, args: ['migrate'], env: { DATABASE_URL } });
      expect(run.code, run.stdout).toBe(65);
      expect(failureOf(run)?.code).toBe('MIGRATION_HISTORY');
      const [problem] = (failureOf(run)?.problems ?? []) as AnyProblem[];
      expect(problem?.message).toContain(`"${schema}"`);
      expect(problem?.hint).toContain('?schema=public');
      expect(await database.query(`SELECT FROM pg_class WHERE relname = '_prisma_migrations'`)).toEqual([]);
    },
  );

  test('that the search path of the role names alone is refused too', async () => {
    const { url } = await createRoleWith({ search_path: 'pg_catalog' });
    const app = await createStandalone();
    const run = await runBundle({ dir: app.dir, args: ['migrate'], env: { DATABASE_URL: url } });
    expect(run.code, run.stdout).toBe(65);
    expect(failureOf(run)?.code).toBe('MIGRATION_HISTORY');
  });
});
