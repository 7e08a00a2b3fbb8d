import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { ERROR_CODES, type ErrorCode, EXIT_STATUS } from '../../../entrypoint/core/errors.ts';
import { runBundle } from '../../helpers/bundle.ts';
import { createDatabase, createRole, type Database } from '../../helpers/database.ts';
import { closedPort } from '../../helpers/network.ts';
import { nextServer } from '../../helpers/next-server.ts';
import { createStandalone, type Standalone, type StandaloneOptions } from '../../helpers/standalone.ts';

/** A state of image, environment and database in which both run, the check first. */
interface State {
  title: string;
  app?: StandaloneOptions;
  env?: Record<string, string>;
  /** Flags of Node.js. */
  nodeArgs?: string[];
  /** Brings the database there; what it answers is set, too. */
  prepare?(database: Database, app: Standalone): Promise<Record<string, string> | undefined>;
}

const USERS = 'CREATE TABLE users (id serial, email text)';
const OTHER = { migrations: { '1': 'CREATE TABLE other (id int)' } };
const NEXT_SERVER = nextServer('crashing');

async function migrate({ url }: Database, { dir }: Standalone): Promise<undefined> {
  const env = { DATABASE_URL: url };
  expect(await runBundle({ dir, args: ['migrate'], env })).toMatchObject({ code: 0 });
}

async function withoutGrants(database: Database, app: Standalone) {
  await migrate(database, app);
  const role = await createRole();
  await database.query(`GRANT SELECT ON _prisma_migrations TO ${role.name}`);
  return { DATABASE_URL: database.urlFor(role) };
}

const readOnly = async ({ urlFor }: Database) => ({
  DATABASE_URL: urlFor(
    await createRole({ superuser: true, settings: { default_transaction_read_only: 'on' } }),
  ),
});

/** What the boot refuses and the check foresees, by the code it ends with. */
const FORESEEN: Partial<Record<ErrorCode, State[]>> = {
  CONFIG_INVALID: [
    { title: 'a value that is malformed', env: { ENTRYPOINT_SEED: 'maybe' } },
    { title: 'a seed command for a shell', env: { ENTRYPOINT_SEED_COMMAND: 'node a.js && node b.js' } },
    {
      title: 'a server as a file and as a command',
      env: { ENTRYPOINT_SERVER: 'server.js', ENTRYPOINT_SERVER_COMMAND: 'node server.js' },
    },
    {
      title: 'a boot probe where nothing listens',
      env: { ENTRYPOINT_HEALTH_PATH: 'off', ENTRYPOINT_BOOT_PROBE: 'on' },
    },
    {
      title: 'a value for the build that is not set',
      app: { files: { 'zarpe.config.json': '{ "runtimeValues": { "placeholders": ["NEXT_PUBLIC_A"] } }' } },
    },
    {
      title: 'an address that is not of this machine',
      app: { files: NEXT_SERVER },
      env: { HOSTNAME: '192.0.2.1' },
    },
  ],
  BUILD_INCOMPLETE: [
    { title: 'no build', app: { omit: ['.next/BUILD_ID'] } },
    { title: 'no migrations', app: { omit: ['prisma/migrations'] } },
    {
      title: 'a server command that is not in the image',
      env: { ENTRYPOINT_SERVER_COMMAND: 'no-such-program' },
    },
    {
      title: 'a folder for the server that is not in the image',
      env: { ENTRYPOINT_SERVER_COMMAND: 'node server.js', ENTRYPOINT_SERVER_DIR: 'apps/api' },
    },
  ],
  HOOK_MISSING: [
    {
      title: 'a hook that is not in the image',
      app: {
        files: { 'zarpe.config.json': '{ "hooks": { "beforeServer": [{ "command": "node nowhere.js" }] } }' },
      },
    },
  ],
  PLACEHOLDER_UNFILLABLE: [
    {
      title: 'a placeholder that is not declared',
      app: {
        files: {
          'zarpe.config.json': '{ "runtimeValues": { "placeholders": ["NEXT_PUBLIC_A"] } }',
          'public/a.js': 'let a = "__NEXT_PUBLIC_B__"',
        },
      },
      env: { NEXT_PUBLIC_A: 'a' },
    },
  ],
  RUNTIME_VALUES_UNWRITABLE: [
    {
      title: 'a file where the build with its values would be written',
      app: {
        files: {
          'zarpe.config.json':
            '{ "runtimeValues": { "placeholders": ["NEXT_PUBLIC_A"], "writeTo": "server.js" } }',
          'public/a.js': 'let a = "__NEXT_PUBLIC_A__"',
        },
      },
      env: { NEXT_PUBLIC_A: 'a' },
    },
  ],
  PORT_IN_USE: [
    {
      title: 'a port that another process has',
      app: { files: NEXT_SERVER },
      prepare: async () => {
        const server = createServer().listen(0, '0.0.0.0').unref();
        await new Promise((resolve) => server.once('listening', resolve));
        const address = server.address();
        return { PORT: String(typeof address === 'object' ? address?.port : '') };
      },
    },
  ],
  DATABASE_UNAVAILABLE: [
    {
      title: 'no server',
      prepare: async () => ({
        DATABASE_URL: `postgresql://app@127.0.0.1:${await closedPort()}/app`,
        ENTRYPOINT_DB_TIMEOUT: '300ms',
      }),
    },
  ],
  DATABASE_ACCESS_REFUSED: [
    {
      title: 'a wrong password',
      prepare: async ({ urlFor }) => ({
        DATABASE_URL: urlFor({ ...(await createRole()), password: 'not-the-right-password' }),
      }),
    },
    {
      title: 'a role whose search path names no schema that exists',
      prepare: async ({ urlFor }) => ({
        DATABASE_URL: urlFor(await createRole({ superuser: true, settings: { search_path: 'nowhere' } })),
      }),
    },
    {
      title: 'a role that may not create what is pending',
      prepare: async ({ urlFor }) => ({ DATABASE_URL: urlFor(await createRole()) }),
    },
    {
      title: 'tables that no migration made, and a role that may not create any',
      prepare: async (database) => {
        await database.query('CREATE TABLE other (id int)');
        return { DATABASE_URL: database.urlFor(await createRole()) };
      },
    },
    {
      title: 'a role that may not read the history',
      prepare: async (database, app) => {
        await migrate(database, app);
        return { DATABASE_URL: database.urlFor(await createRole()) };
      },
    },
    {
      title: 'a role that may not write the history',
      prepare: async (database, app) => {
        const env = await withoutGrants(database, app);
        await app.addMigration('29990101000000_more', 'CREATE TABLE more (id int)');
        return env;
      },
    },
  ],
  DATABASE_MISSING: [
    {
      title: 'a database that is missing, and a role that may not create it',
      prepare: async (database) => {
        await database.drop();
        return { DATABASE_URL: database.urlFor(await createRole()) };
      },
    },
  ],
  DATABASE_READ_ONLY: [
    { title: 'pending migrations on a database that is read only', prepare: readOnly },
    {
      title: 'a seed on a database that is read only',
      app: { seed: 'works' },
      prepare: async (database, app) => {
        await migrate(database, app);
        return readOnly(database);
      },
    },
  ],
  DATABASE_TLS: [
    {
      title: 'a server without TLS',
      prepare: async ({ urlFor }) => ({ DATABASE_URL: urlFor(undefined, { sslmode: 'require' }) }),
    },
  ],
  DATABASE_TOO_OLD: [
    { title: 'a server older than the app works with', env: { ENTRYPOINT_DATABASE_MIN_VERSION: '99' } },
  ],
  PLATFORM_UNSUITABLE: [{ title: 'a Node.js without WebAssembly', nodeArgs: ['--jitless'] }],
  POOLER_UNSUITABLE: [
    {
      title: 'a migration that is no transaction, behind a pooler',
      app: { migrations: { '1': 'VACUUM;' } },
      prepare: async ({ urlFor }) => ({ DATABASE_URL: urlFor(undefined, { pgbouncer: 'true' }) }),
    },
  ],
  // Any other failure of a script takes running it.
  MIGRATION_FAILED: [
    {
      title: 'several statements that PostgreSQL only runs alone',
      app: {
        migrations: {
          '1': 'CREATE TABLE a (id int)',
          '2': 'CREATE INDEX CONCURRENTLY i ON a (id); CREATE INDEX CONCURRENTLY j ON a (id);',
        },
      },
    },
  ],
  MIGRATION_UNRESOLVED: [
    {
      title: 'a record that has not ended, where the database is optional',
      env: { ENTRYPOINT_DATABASE: 'optional' },
      prepare: async (database, app) => {
        await migrate(database, app);
        await database.query('UPDATE _prisma_migrations SET finished_at = NULL');
        return undefined;
      },
    },
    {
      title: 'a record that has not ended',
      prepare: async (database, app) => {
        await migrate(database, app);
        await database.query('UPDATE _prisma_migrations SET finished_at = NULL');
        return undefined;
      },
    },
  ],
  MIGRATION_HISTORY: [
    {
      title: 'a history in another shape, which the engine refuses',
      prepare: async (database, app) => {
        await migrate(database, app);
        await database.query('ALTER TABLE _prisma_migrations DROP COLUMN applied_steps_count');
        await app.addMigration('29990101000000_more', 'CREATE TABLE more (id int)');
        return undefined;
      },
    },
  ],
  DATABASE_AHEAD: [
    {
      title: 'a database that is ahead, for a role that may not write its history, behind a pooler',
      env: { ENTRYPOINT_DATABASE_AHEAD: 'refuse' },
      prepare: async (database, app) => {
        await migrate(database, app);
        const role = await createRole();
        await database.query(`GRANT SELECT ON _prisma_migrations TO ${role.name}`);
        await app.remove('prisma/migrations/20260101000000_create_users');
        await app.addMigration('1', 'VACUUM');
        return { DATABASE_URL: database.urlFor(role, { pgbouncer: 'true' }) };
      },
    },
    {
      title: 'a database that is ahead',
      env: { ENTRYPOINT_DATABASE_AHEAD: 'refuse' },
      prepare: async (database, app) => {
        await migrate(database, app);
        await app.remove('prisma/migrations/20260101000000_create_users');
        await app.addMigration('1', 'SELECT 1');
        return undefined;
      },
    },
  ],
  DATABASE_NOT_EMPTY: [
    {
      title: 'tables that no migration made',
      prepare: async ({ query }) => void (await query('CREATE TABLE other (id int)')),
    },
    {
      title: 'tables that no migration made, in a schema of the datasource',
      app: {
        schema: 'datasource db {\n  provider = "postgresql"\n  schemas = ["public", "audit"]\n}\n',
      },
      prepare: async ({ query }) => void (await query('CREATE SCHEMA audit CREATE TABLE other (id int)')),
    },
  ],
  PUSH_REFUSED: [
    {
      title: 'a schema that drops a table with rows',
      env: { ENTRYPOINT_MIGRATE: 'push' },
      prepare: async ({ query }) =>
        void (await query('CREATE TABLE other (id int PRIMARY KEY); INSERT INTO other VALUES (1)')),
    },
  ],
  SEED_FAILED: [
    { title: 'a program that is not in the image', env: { ENTRYPOINT_SEED_COMMAND: 'no-such-program' } },
    { title: 'a script that is not in the image', env: { ENTRYPOINT_SEED_COMMAND: 'node prisma/seed.js' } },
  ],
  MIGRATION_UNREADABLE: [
    {
      title: 'a pending script in Latin-1',
      app: {
        migrations: { '1': USERS, '2': Buffer.from("INSERT INTO users (email) VALUES ('café');", 'latin1') },
      },
    },
    {
      title: 'a script in UTF-16 where the database is to be created',
      app: { migrations: { '1': Buffer.from(`\uFEFF${USERS}`, 'utf16le') } },
      prepare: async (database) => void (await database.drop()),
    },
  ],
  SEED_UNDECIDED: [
    { title: 'no table of users after the migrations', app: { ...OTHER, seed: 'works' } },
    { title: 'no table of users, and nothing pending', app: { ...OTHER, seed: 'works' }, prepare: migrate },
    {
      title: 'a table that was named and is not there',
      app: { seed: 'works' },
      env: { ENTRYPOINT_SEED_TABLE: 'usrs' },
      prepare: migrate,
    },
    {
      title: 'a table that the migrations make in another schema',
      app: { migrations: { '1': `CREATE SCHEMA auth; CREATE TABLE auth.users (id int)` }, seed: 'works' },
    },
    {
      title: 'no table of users in a database that is to be created',
      app: { ...OTHER, seed: 'works' },
      prepare: async (database) => void (await database.drop()),
    },
    {
      title: 'a seed where nothing migrates an empty database',
      app: { seed: 'works' },
      env: { ENTRYPOINT_MIGRATE: 'skip' },
    },
    { title: 'a table that may not be read', app: { seed: 'works' }, prepare: withoutGrants },
  ],
};

/** What no dry run can know, and why. */
const UNFORESEEN: Partial<Record<ErrorCode, string>> = {
  USAGE: 'is no failure of a boot',
  RESOLVE_REFUSED: 'is a failure of `resolve` alone',
  BASELINE_REFUSED: 'is a failure of `baseline` alone',
  SEED_MISSING: 'is a failure of `seed` alone: the boot goes on without one',
  HOOK_FAILED: 'runs what is not known',
  DATABASE_CONNECTION_LOST: 'has not happened yet',
  LOCK_TIMEOUT: 'depends on how long others hold the lock',
  MIGRATION_BLOCKED: 'depends on how long others hold the table',
  MIGRATION_TIMEOUT: 'depends on how long the migrations take',
  SERVER_UNSTARTABLE: 'is an image that changes while the container starts',
  OUTPUT_UNWRITABLE: 'depends on who reads the output',
  RESOURCE_EXHAUSTED: 'depends on what else the machine does',
  INTERNAL: 'is a bug',
};

/** What the boot takes, and the check must not refuse. */
const FINE: State[] = [
  { title: 'an empty database' },
  { title: 'nothing pending', prepare: migrate },
  {
    title: 'no database and no Prisma folder',
    app: { omit: ['prisma'] },
    env: { ENTRYPOINT_DATABASE: 'off', DATABASE_URL: '' },
  },
  {
    title: 'a malformed connection string that only the app uses',
    env: { ENTRYPOINT_DATABASE: 'off', DATABASE_URL: 'mysql://app@db/app' },
  },
  {
    title: 'no server, where the database is optional',
    env: { ENTRYPOINT_DATABASE: 'optional' },
    prepare: async () => ({
      DATABASE_URL: `postgresql://app@127.0.0.1:${await closedPort()}/app`,
      ENTRYPOINT_DB_TIMEOUT: '300ms',
    }),
  },
  {
    title: 'a wrong password, where the database is optional',
    env: { ENTRYPOINT_DATABASE: 'optional' },
    prepare: async ({ urlFor }) => ({
      DATABASE_URL: urlFor({ ...(await createRole()), password: 'not-the-right-password' }),
    }),
  },
  { title: 'a server as old as it may be', env: { ENTRYPOINT_DATABASE_MIN_VERSION: '18' } },
  { title: 'a seed', app: { seed: 'works' } },
  {
    title: 'a server that is no Next.js build',
    app: { omit: ['.next', 'node_modules/next'] },
    env: { ENTRYPOINT_SERVER_COMMAND: 'node server.js', ENTRYPOINT_HEALTH_PATH: 'off' },
  },
  {
    title: 'a seed whose table has rows',
    app: { seed: 'works' },
    prepare: async (database, app) => {
      await migrate(database, app);
      await database.query("INSERT INTO users (email) VALUES ('a')");
      return { ENTRYPOINT_SEED_COMMAND: 'no-such-program' };
    },
  },
  {
    title: 'a table of users that comes by another name',
    app: {
      migrations: { '1': USERS.replace('users', 'people'), '2': 'ALTER TABLE people RENAME TO users' },
      seed: 'works',
    },
  },
  {
    title: 'a table of users that a function makes',
    app: { migrations: { '1': `DO $$ BEGIN EXECUTE '${USERS}'; END $$` }, seed: 'works' },
  },
  { title: 'no table of users, and no seed', app: OTHER },
  {
    title: 'no table of users, and a seed that is off',
    app: { ...OTHER, seed: 'works' },
    env: { ENTRYPOINT_SEED: 'never' },
  },
  {
    title: 'a seed that may fail',
    app: { ...OTHER, seed: 'works' },
    env: { ENTRYPOINT_SEED_ON_ERROR: 'continue' },
  },
  {
    title: 'a migration that may fail',
    env: { ENTRYPOINT_MIGRATE_ON_ERROR: 'continue' },
    prepare: async ({ query }) => void (await query('CREATE TABLE other (id int)')),
  },
  {
    title: 'a migration that may fail, and a seed that nothing decides about then',
    app: { seed: 'works' },
    env: { ENTRYPOINT_MIGRATE_ON_ERROR: 'continue' },
    prepare: async ({ query }) => void (await query('CREATE TABLE other (id int)')),
  },
  {
    title: 'a database that is missing, and a role that may create it',
    prepare: async (database) => {
      await database.drop();
      return { DATABASE_URL: database.urlFor(await createRole({ createdb: true })) };
    },
  },
  {
    title: 'a role that may create nothing, and migrations that create nothing',
    prepare: async (database, app) => {
      await migrate(database, app);
      const role = await createRole();
      await database.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON _prisma_migrations TO ${role.name}`);
      await app.addMigration('29990101000000_more', 'SELECT 1');
      return { DATABASE_URL: database.urlFor(role) };
    },
  },
  {
    title: 'a schema that is missing',
    prepare: async ({ urlFor }) => ({ DATABASE_URL: urlFor(undefined, { schema: 'app' }) }),
  },
  {
    title: 'a database that is ahead',
    prepare: async (database, app) => {
      await migrate(database, app);
      await app.remove('prisma/migrations/20260101000000_create_users');
      await app.addMigration('1', 'SELECT 1');
      return undefined;
    },
  },
  {
    title: 'a database that is read only, and nothing to write',
    prepare: async (database, app) => {
      await migrate(database, app);
      return readOnly(database);
    },
  },
  {
    title: 'a migration that is one transaction, behind a pooler',
    prepare: async ({ urlFor }) => ({ DATABASE_URL: urlFor(undefined, { pgbouncer: 'true' }) }),
  },
  { title: 'tables that others made, and nothing that migrates', env: { ENTRYPOINT_MIGRATE: 'skip' } },
];

async function runBoth({ app: options, env, nodeArgs = [], prepare }: State) {
  const app = await createStandalone({ server: 'crashing', ...options });
  const database = await createDatabase();
  const run = async (...args: string[]) => {
    const given = { DATABASE_URL: database.url, FIXTURE_EXIT_CODE: '0', ...env, ...prepared };
    return runBundle({ dir: app.dir, args, nodeArgs, env: given });
  };
  const prepared = await prepare?.(database, app);
  const check = await run('check', '--json');
  // Without a report the check itself has failed: on a machine that it cannot run on either.
  const report: { findings: { level: string; code?: string }[] } =
    check.stdout === '' ? { findings: [] } : JSON.parse(check.stdout);
  const finding = report.findings.find(({ level }) => level === 'failure');
  const boot = await run();
  return {
    check: { status: check.code, code: finding?.code ?? codeOf(check) },
    boot: { status: boot.code, code: codeOf(boot) },
  };
}

/** Of the failure that was logged, on whatever output. */
function codeOf({ stdout, stderr }: { stdout: string; stderr: string }): string | undefined {
  return [...`${stdout}\n${stderr}`.matchAll(/"level":"(?:error|fatal)".*?"error":\{"code":"(\w+)"/g)].at(
    -1,
  )?.[1];
}

test('each failure is one that the check foresees, or one that it cannot', () => {
  const known = [...Object.keys(FORESEEN), ...Object.keys(UNFORESEEN)];
  expect(known.toSorted()).toEqual(Object.keys(ERROR_CODES).toSorted());
});

describe('the check and the boot end alike with', () => {
  const states = Object.entries(FORESEEN).flatMap(([code, list]) =>
    list.map((state) => ({ code, ...state })),
  );
  test.each(states)('$code: $title', async ({ code, ...state }) => {
    const { status } = EXIT_STATUS[ERROR_CODES[code as ErrorCode]];
    expect(await runBoth(state)).toEqual({ check: { status, code }, boot: { status, code } });
  });
});

describe('the check passes, and the boot goes through, with', () => {
  test.each(FINE)('$title', async (state) => {
    expect(await runBoth(state)).toEqual({
      check: { status: 0, code: undefined },
      boot: { status: 0, code: undefined },
    });
  });
});
