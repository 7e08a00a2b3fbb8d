import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { ERROR_CODES, type ErrorCode } from '../../entrypoint/core/errors.ts';
import { runBundle } from '../helpers/bundle.ts';
import { createDatabase, createRole, type Database } from '../helpers/database.ts';
import { closedPort, silentServer } from '../helpers/network.ts';
import { nextServer } from '../helpers/next-server.ts';
import { createSecret, findSecrets } from '../helpers/secrets.ts';
import { createStandalone, type Standalone, USERS_MIGRATION } from '../helpers/standalone.ts';
import { startWebhook } from '../helpers/webhook.ts';

interface Fixture {
  app?: Parameters<typeof createStandalone>[0];
  args?: string[];
  /** Brings the database to where the boot fails, and says what is set beside what every fixture has. */
  prepare?(database: Database, app: Standalone): Promise<Record<string, string>>;
}

const MIGRATED = { migrations: { '1_users': USERS_MIGRATION } };

async function migrate(database: Database, app: Standalone) {
  const env = { DATABASE_URL: database.url };
  expect(await runBundle({ dir: app.dir, args: ['migrate'], env })).toMatchObject({ code: 0 });
}

/** An SQL string. */
const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** A file whose hook runs a command. */
function hooks(...command: string[]) {
  return { 'zarpe.config.json': JSON.stringify({ hooks: { beforeServer: [{ command }] } }) };
}

/** A build with a placeholder. */
function runtimeValues(section: object, placeholder: string) {
  return {
    'zarpe.config.json': JSON.stringify({ runtimeValues: section }),
    'public/a.js': `let a = "${placeholder}"`,
  };
}

/** How each failure is brought about: where a message could take up a secret, one is put in its way. */
const FAILURES: Partial<Record<ErrorCode, Fixture>> = {
  USAGE: { args: ['resolve', '--applied', 'a', '--rolled-back', createSecret('an argument')] },
  CONFIG_INVALID: {
    prepare: async ({ url, password }) => ({
      DATABASE_URL: url.replace('postgresql:', 'mysql:'),
      DIRECT_URL: `postgresql://app:${password}@db/app`,
      ENTRYPOINT_DB_TIMEOUT: password,
      ENTRYPOINT_SEEED: password,
      ENTRYPOINT_REQUIRE_ENV: 'APP_SALT:99,APP_ORIGIN:url',
      APP_SALT: createSecret('APP_SALT'),
      APP_ORIGIN: `ftp://app:${encodeURIComponent(password)}@db`,
    }),
  },
  BUILD_INCOMPLETE: { app: { omit: ['.next/BUILD_ID', 'prisma'] } },
  DATABASE_UNAVAILABLE: {
    prepare: async ({ urlFor }) => {
      const url = new URL(urlFor(undefined));
      url.port = String(await closedPort());
      return { DATABASE_URL: url.href, ENTRYPOINT_DB_TIMEOUT: '300ms' };
    },
  },
  DATABASE_ACCESS_REFUSED: {
    prepare: async ({ urlFor }) => ({
      DATABASE_URL: urlFor({ ...(await createRole()), password: createSecret('a wrong password') }),
    }),
  },
  DATABASE_MISSING: {
    prepare: async (database) => {
      await database.drop();
      return { DATABASE_URL: database.urlFor(await createRole()) };
    },
  },
  DATABASE_READ_ONLY: {
    prepare: async ({ urlFor }) => ({
      DATABASE_URL: urlFor(await createRole({ settings: { default_transaction_read_only: 'on' } })),
    }),
  },
  DATABASE_TOO_OLD: { prepare: async () => ({ ENTRYPOINT_DATABASE_MIN_VERSION: '99' }) },
  DATABASE_TLS: {
    prepare: async ({ urlFor }) => ({
      DATABASE_URL: urlFor(undefined, { sslmode: 'require', sslpassword: createSecret('sslpassword') }),
    }),
  },
  DATABASE_CONNECTION_LOST: {
    app: { migrations: { '1_end': 'SELECT pg_terminate_backend(pg_backend_pid());' } },
  },
  POOLER_UNSUITABLE: {
    app: { migrations: { '1_in_steps': 'VACUUM;' } },
    prepare: async ({ urlFor }) => ({ DATABASE_URL: urlFor(undefined, { pgbouncer: 'true' }) }),
  },
  LOCK_TIMEOUT: {
    prepare: async (database) => {
      await database.holdBootLock();
      return { ENTRYPOINT_LOCK_TIMEOUT: '300ms' };
    },
  },
  MIGRATION_FAILED: {
    prepare: async (database, app) => {
      const { url, password } = database;
      const raise = `RAISE EXCEPTION '%', ${literal(`cannot reach ${url}`)} USING DETAIL = ${literal(password)}, HINT = ${literal(url)}`;
      await app.addMigration('2_fails', `DO $do$ BEGIN ${raise}; END $do$;`);
      return {};
    },
  },
  MIGRATION_UNREADABLE: {
    prepare: async ({ password }, app) => {
      await app.addMigration('2_latin', Buffer.from(`-- é ${password}`, 'latin1'));
      return {};
    },
  },
  MIGRATION_UNRESOLVED: {
    app: MIGRATED,
    prepare: async (database, app) => {
      await migrate(database, app);
      const failed = 'UPDATE _prisma_migrations SET finished_at = NULL, logs = $1';
      await database.query(failed, [`it was ${database.url}\nand ${database.password}`]);
      return {};
    },
  },
  DATABASE_AHEAD: {
    app: MIGRATED,
    prepare: async (database, app) => {
      await migrate(database, app);
      await database.query('UPDATE _prisma_migrations SET migration_name = $1', [database.password]);
      return { ENTRYPOINT_DATABASE_AHEAD: 'refuse' };
    },
  },
  DATABASE_NOT_EMPTY: {
    prepare: async ({ query }) => {
      await query('CREATE TABLE other (id int)');
      return {};
    },
  },
  PUSH_REFUSED: {
    prepare: async ({ query, password }) => {
      const table = `"${password.replaceAll('"', '""')}"`;
      await query(`CREATE TABLE ${table} (id int PRIMARY KEY); INSERT INTO ${table} VALUES (1)`);
      return { ENTRYPOINT_MIGRATE: 'push' };
    },
  },
  BASELINE_REFUSED: { args: ['baseline', 'postgresql://app:the-password-in-it@db/app'] },
  RESOLVE_REFUSED: { args: ['resolve', '--rolled-back', 'postgresql://app:the-password-in-it@db/app'] },
  PORT_IN_USE: {
    app: { files: nextServer('polite') },
    prepare: async () => ({ PORT: String((await silentServer()).port), HOSTNAME: '127.0.0.1' }),
  },
  SEED_MISSING: { args: ['seed'] },
  SEED_FAILED: { app: { ...MIGRATED, seed: 'leaks' } },
  HOOK_MISSING: {
    app: { files: hooks('node', 'nowhere.js', createSecret('an argument of a missing hook')) },
  },
  HOOK_FAILED: {
    app: {
      files: {
        ...hooks('node', 'leaks.cjs', createSecret('an argument of a hook')),
        'leaks.cjs':
          'console.log(process.env.DATABASE_URL); console.error(process.env.DATABASE_URL); process.exit(1);',
      },
    },
  },
  PLACEHOLDER_UNFILLABLE: {
    app: { files: runtimeValues({ placeholders: ['NEXT_PUBLIC_KEY'] }, '__NEXT_PUBLIC_OTHER__') },
    prepare: async () => ({ NEXT_PUBLIC_KEY: createSecret('a value for a placeholder') }),
  },
  RUNTIME_VALUES_UNWRITABLE: {
    app: {
      files: runtimeValues(
        { placeholders: ['NEXT_PUBLIC_KEY'], writeTo: 'server.js' },
        '__NEXT_PUBLIC_KEY__',
      ),
    },
    prepare: async () => ({ NEXT_PUBLIC_KEY: createSecret('a value for a placeholder') }),
  },
  SEED_UNDECIDED: {
    app: { ...MIGRATED, seed: 'works' },
    prepare: async (database, app) => {
      await migrate(database, app);
      const role = await createRole();
      await database.query(`GRANT SELECT ON _prisma_migrations TO ${role.name}`);
      return { DATABASE_URL: database.urlFor(role) };
    },
  },
  INTERNAL: {
    prepare: async ({ url, password }, app) => {
      const { port } = await silentServer();
      await app.write('bug.cjs', 'setTimeout(() => { throw new Error(process.env.BUG) }, 100).unref()');
      const DATABASE_URL = `postgresql://app@127.0.0.1:${port}/app`;
      return {
        DATABASE_URL,
        BUG: `${url} ${password}`,
        APP_DSN: url,
        NODE_OPTIONS: `--require ${app.path('bug.cjs')}`,
      };
    },
  },
};

/** Brought about with more effort, by the tests of their own. */
const ELSEWHERE: ErrorCode[] = [
  'MIGRATION_BLOCKED',
  'MIGRATION_HISTORY',
  'MIGRATION_TIMEOUT',
  'OUTPUT_UNWRITABLE',
  'PLATFORM_UNSUITABLE',
  'RESOURCE_EXHAUSTED',
  'SERVER_UNSTARTABLE',
];

test('no failure is forgotten', () => {
  const known = [...Object.keys(FAILURES), ...ELSEWHERE];
  expect(known.toSorted()).toEqual(Object.keys(ERROR_CODES).toSorted());
});

describe('neither the outputs at the most detailed level, nor Kubernetes, nor the webhook gets a secret in', () => {
  test.each(Object.entries(FAILURES))('%s', async (code, { app: options, args, prepare }) => {
    const app = await createStandalone(options);
    const database = await createDatabase();
    const webhook = await startWebhook(200, `/services/${encodeURIComponent(createSecret('the webhook'))}`);
    const file = app.path('termination-log');
    const env: Record<string, string> = {
      DATABASE_URL: database.url,
      APP_PASSWORD: database.password,
      SESSION_SECRET: createSecret('SESSION_SECRET'),
      REDIS_URL: `redis://:${encodeURIComponent(createSecret('the password in REDIS_URL'))}@cache`,
      ENTRYPOINT_ALERT_WEBHOOK: webhook.url,
      ENTRYPOINT_TERMINATION_LOG: file,
      LOG_LEVEL: 'trace',
      ...(await prepare?.(database, app)),
    };
    for (const LOG_FORMAT of ['json', 'pretty']) {
      await app.write('termination-log', '');
      webhook.bodies.length = 0;
      // What is printed is looked through by `runBundle`.
      const { stdout, stderr } = await runBundle({
        dir: app.dir,
        ...(args && { args }),
        env: { ...env, LOG_FORMAT },
      });
      const told = await readFile(file, 'utf8');
      expect(told).toMatch(new RegExp(`^${code} `));
      if (LOG_FORMAT === 'json') expect(stdout + stderr).toContain(`"code":"${code}"`);
      expect(webhook.bodies).toHaveLength(args === undefined ? 1 : 0);
      expect(findSecrets(told + JSON.stringify(webhook.bodies))).toEqual([]);
    }
    const checked = await runBundle({ dir: app.dir, args: ['check', '--json'], env });
    if (code === 'INTERNAL') return;
    const { exitStatus, ok, findings } = JSON.parse(checked.stdout);
    expect(exitStatus).toBe(checked.code);
    expect(ok).toBe(checked.code === 0);
    const [failure] = findings.filter(({ level }: { level: string }) => level === 'failure');
    expect(failure?.exitStatus ?? 0).toBe(checked.code);
  });
});
