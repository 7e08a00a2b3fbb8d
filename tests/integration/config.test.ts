import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { VARIABLE_NAMES, VARIABLES, type Variable } from '../../entrypoint/config/variables.ts';
import { hasExecve } from '../../entrypoint/steps/serve/exec.ts';
import { runBundle, startBundle } from '../helpers/bundle.ts';
import { createDatabase, createRole } from '../helpers/database.ts';
import { closedPort, createProxy } from '../helpers/network.ts';
import { findNode } from '../helpers/node-versions.ts';
import type { AnyProblem } from '../helpers/problems.ts';
import { createStandalone, type Standalone } from '../helpers/standalone.ts';

async function refuse(env: Record<string, string>, app?: Standalone) {
  const { dir } = app ?? (await createStandalone());
  const { code, stdout, stderr, logs } = await runBundle({ dir, env });
  const [failure] = logs;
  expect(logs).toHaveLength(1);
  expect(failure).toMatchObject({
    level: 'fatal',
    step: 'config',
    event: 'failed',
    exitStatus: 78,
    retryable: false,
  });
  expect(failure?.error?.code).toBe('CONFIG_INVALID');
  expect(code).toBe(78);
  return { problems: failure?.error?.problems as AnyProblem[], output: stdout + stderr };
}

describe('the environment', () => {
  test('that is missing as a whole ends the boot with 78, and says what to set', async () => {
    expect((await refuse({})).problems).toMatchObject([{ what: 'DATABASE_URL', got: 'nothing' }]);
  });

  test('in which everything is wrong is reported at once, before the build or the database is looked at', async () => {
    const wrong: Record<string, string> = {};
    for (const name of VARIABLE_NAMES) {
      const { schema }: Variable = VARIABLES[name];
      if (!name.startsWith('LOG_') && !schema().safeParse('\n').success) wrong[name] = '\n';
    }
    const app = await createStandalone({ omit: ['server.js'] });
    const proxy = await createProxy(await createDatabase());
    const env = {
      ...wrong,
      DATABASE_URL: `mysql://app:not-to-be-printed@127.0.0.1:${proxy.port}/app`,
      DIRECT_URL: `postgresql://app:not-to-be-printed@127.0.0.1:${proxy.port}/app?sslmode=maybe`,
      ENTRYPOINT_SEEED: 'x',
      ENTRYPOINT_REQUIRE_ENV: 'NEXTAUTH_SECRET:32,NEXTAUTH_URL:url,JWT_SECRET:32',
      NEXTAUTH_SECRET: 'your-nextauth-secret-min-32-chars',
      NEXTAUTH_URL: 'no url',
      ENTRYPOINT_SERVER_FILE: app.path('nowhere'),
    };
    const { problems } = await refuse(env, app);
    expect(problems.map(({ what }) => what).toSorted()).toEqual(
      [
        ...Object.keys(wrong),
        'DATABASE_URL',
        'DIRECT_URL',
        'ENTRYPOINT_SEEED',
        'ENTRYPOINT_SERVER_FILE',
        'JWT_SECRET',
        'NEXTAUTH_SECRET',
        'NEXTAUTH_URL',
      ].toSorted(),
    );
    for (const problem of problems) {
      expect(Object.values(problem).every((part) => part.length > 0)).toBe(true);
    }
    expect(proxy.accepted).toBe(0);
  });

  test.each(['@', ':', '/', '?', '#', '%'])(
    'with an unencoded %s in the password of its URL says so, and never tells the password',
    async (character) => {
      const password = `first-half${character}other-half`;
      const { problems, output } = await refuse({
        DATABASE_URL: `postgresql://app:${password}@127.0.0.1:1/app`,
      });
      expect(problems[0]?.got).toContain(`"${character}"`);
      expect(output).not.toMatch(/first-half|other-half/);
    },
  );
});

describe('a .env file beside the server', () => {
  const ENV_FILE = [
    'DATABASE_URL="postgresql://app:not-to-be-printed@db/app"',
    'export NEXTAUTH_SECRET=not-to-be-printed',
    '# COMMENTED_OUT=x',
    'SIGNING_KEY=-----BEGIN PRIVATE KEY-----',
    'MIIEvQIBADANBgkqhkiGnot-to-be-printedAQEF==',
    'not-to-be-printedA9==',
  ].join('\n');

  test.each(['.env', '.env.production'])('is named if DATABASE_URL is missing: %s', async (name) => {
    const app = await createStandalone({ files: { [name]: ENV_FILE } });
    const { problems, output } = await refuse({}, app);
    const hint = problems.find(({ what }) => what === 'DATABASE_URL')?.hint;
    expect(hint).toContain(`${app.path(name)} (it sets DATABASE_URL, NEXTAUTH_SECRET, SIGNING_KEY, `);
    expect(hint).toContain('Zarpe reads only environment variables, not');
    expect(output).not.toMatch(/not-to-be-printed|COMMENTED_OUT/);
  });

  test('is searched for in the folder of the server', async () => {
    const app = await createStandalone({ files: { 'apps/web/.env': 'PORT=1' } });
    const [problem] = (await refuse({ ENTRYPOINT_SERVER: 'apps/web/server.js' }, app)).problems;
    expect(problem?.hint).toContain(`${app.path('apps/web/.env')} (it sets PORT)`);
  });

  test('is not mentioned if there is none', async () => {
    expect((await refuse({})).problems[0]?.hint).not.toMatch('.env');
  });
});

describe('a NAME_FILE that is no file', () => {
  test.each(['a named pipe', 'a device', 'a folder'])(
    'ends the boot with 78, and waits for nothing: %s',
    async (kind) => {
      const app = await createStandalone();
      const path = {
        'a named pipe': app.path('pipe'),
        'a device': '/dev/zero',
        'a folder': app.path('public'),
      }[kind];
      if (path === undefined) throw new Error(`no path for ${kind}`);
      if (kind === 'a named pipe') execFileSync('mkfifo', [path]);
      const { problems } = await refuse({ DATABASE_URL_FILE: path }, app);
      expect(problems[0]).toMatchObject({ what: 'DATABASE_URL_FILE', got: `${kind} at ${path}` });
    },
  );

  test('neither holds up a start where it is of another’s variable, nor as a .env', async () => {
    const app = await createStandalone();
    execFileSync('mkfifo', [app.path('pipe'), app.path('.env')]);
    expect((await refuse({ APP_SECRET_FILE: app.path('pipe') }, app)).problems).toHaveLength(1);
  });
});

test('the boot and check report what was removed from the value in a file', async () => {
  const app = await createStandalone({ server: 'crashing' });
  const database = await createDatabase();
  await app.write('url', `\uFEFF${database.url}\r\n`);
  const env = { DATABASE_URL_FILE: app.path('url'), FIXTURE_EXIT_CODE: '0' };
  const boot = await runBundle({ dir: app.dir, env });
  expect(boot.code).toBe(0);
  const said = expect.stringMatching(
    /^DATABASE_URL_FILE: removed a byte order mark and a Windows line break \(CRLF\) from the value in /,
  );
  expect(boot.logs).toContainEqual(expect.objectContaining({ step: 'config', event: 'notice', msg: said }));
  const { code, stdout } = await runBundle({ dir: app.dir, args: ['check', '--json'], env });
  expect(code).toBe(0);
  expect(JSON.parse(stdout).findings).toContainEqual(
    expect.objectContaining({ level: 'warning', message: said }),
  );
});

describe('what the app gets', () => {
  /** More than the kernel lets a single variable have (128 kB). */
  const BUNDLE = `-----BEGIN CERTIFICATE-----\n${'A'.repeat(200_000)}\n`;

  async function prepare(handover: string) {
    const app = await createStandalone({ server: 'recorder' });
    const database = await createDatabase();
    await app.write('bundle.pem', BUNDLE);
    await app.write('jwt', 'a-value-of-32-characters-or-more\n');
    const record =
      "import('./fixtures/record.cjs').then(({ default: record }) => console.log(JSON.stringify(record())))";
    await app.write('seed.js', record);
    const given: Record<string, string> = {
      DATABASE_URL: database.url,
      ENTRYPOINT_HANDOVER: handover,
      ENTRYPOINT_REQUIRE_ENV: 'JWT_SECRET:32',
      ENTRYPOINT_SEED: 'always',
      ENTRYPOINT_DB_TIMEOUT: '',
      EMPTY: '',
      'with.dots-and spaces': ' kept ',
      SSL_CERT_FILE: app.path('bundle.pem'),
      NODE_EXTRA_CA_CERTS: '',
      REDIS_PASSWORD_FILE: '/run/secrets/redis',
      JWT_SECRET_FILE: app.path('jwt'),
    };
    return { app, given };
  }

  const ways = [
    { handover: 'spawn', node: process.execPath },
    { handover: 'exec', node: hasExecve() ? process.execPath : findNode(24) },
  ];
  for (const { handover, node } of ways) {
    test.skipIf(node === undefined)(
      `is what the container was given, and what is documented (${handover})`,
      async () => {
        const { app, given } = await prepare(handover);
        const env = { ...given, ENTRYPOINT_ALERT_WEBHOOK: `http://127.0.0.1:${await closedPort()}/hook` };
        const boot = await startBundle({ dir: app.dir, env, node });
        const server = await boot.waitForLog({ fixture: 'recorder', event: 'started' });
        const seed = boot.logs.find(({ step, event }) => step === 'seed' && event === 'output');
        const documented = {
          HOSTNAME: '0.0.0.0',
          NODE_ENV: 'production',
          JWT_SECRET: 'a-value-of-32-characters-or-more',
        };
        const expected = Object.entries({ ...given, ...documented }).map(([name, value]) => [
          name,
          sha256(value),
        ]);
        const { ZARPE_RUN, ...ofSeed } = JSON.parse(seed?.msg ?? '{}').envHashes;
        expect(ZARPE_RUN).toBeDefined();
        for (const hashes of [server.envHashes, ofSeed]) {
          expect(hashes).toMatchObject(Object.fromEntries(expected));
          const harness = ['PATH', 'PORT', 'LOG_FORMAT'];
          const others = Object.keys(hashes).filter(
            (name) => !name.startsWith('ZARPE_TEST') && !harness.includes(name),
          );
          expect(others.toSorted()).toEqual(expected.map(([name]) => name).toSorted());
        }
      },
    );
  }
});

describe('a connection string under another name', () => {
  test('is read from its file, migrates over the direct one, and reaches the server as it was named', async () => {
    const app = await createStandalone({ server: 'recorder' });
    const database = await createDatabase();
    const pooled = database.urlFor(undefined, { application_name: 'pooled', sslmode: 'disable' });
    const direct = database.urlFor(undefined, { application_name: 'direct', sslmode: 'disable' });
    await app.write('url', `${pooled}\n`);
    const env = {
      ENTRYPOINT_DATABASE_URL_FROM: 'POSTGRES_PRISMA_URL,DATABASE_URL',
      ENTRYPOINT_DIRECT_URL_FROM: 'POSTGRES_URL_NON_POOLING',
      POSTGRES_PRISMA_URL_FILE: app.path('url'),
      POSTGRES_URL_NON_POOLING: direct,
    };
    const check = await runBundle({ dir: app.dir, args: ['check'], env });
    expect(check).toMatchObject({ code: 0 });
    expect(check.stdout).toContain('the connection of the server (POSTGRES_PRISMA_URL_FILE, ');
    const boot = await startBundle({ dir: app.dir, env });
    const { envHashes } = await boot.waitForLog({ fixture: 'recorder', event: 'started' });
    expect(envHashes).toMatchObject({
      POSTGRES_PRISMA_URL: sha256(pooled),
      DATABASE_URL: sha256(pooled),
      POSTGRES_URL_NON_POOLING: sha256(direct),
    });
    expect(envHashes).not.toHaveProperty('DIRECT_URL');
    await boot.waitForServer();
  });

  test('that is direct and not used is reported by the boot and by check', async () => {
    const app = await createStandalone();
    const { url } = await createDatabase();
    const env = { DATABASE_URL: url, DATABASE_URL_UNPOOLED: `${url}?application_name=direct` };
    const boot = await startBundle({ dir: app.dir, env });
    const notice = await boot.waitForLog({ step: 'config', event: 'notice' });
    expect(notice.msg).toContain('DATABASE_URL_UNPOOLED is set and not used');
    await boot.waitForServer();
    const check = await runBundle({ dir: app.dir, args: ['check'], env });
    expect(check.stdout).toContain('! config    DATABASE_URL_UNPOOLED is set and not used');
  });
});

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

describe('a password of every printable character', () => {
  test.each(['in a URL', 'in parts', 'in files'])('reaches the database and the server %s', async (how) => {
    const app = await createStandalone({ server: 'recorder' });
    const database = await createDatabase();
    const role = await createRole({ superuser: true });
    const parts = {
      DATABASE_HOST: database.host,
      DATABASE_PORT: String(database.port),
      DATABASE_USER: role.name,
      DATABASE_PASSWORD: role.password,
      DATABASE_NAME: database.name,
      DATABASE_PARAMS: 'application_name=app',
    };
    let env: Record<string, string> = parts;
    if (how === 'in a URL') env = { DATABASE_URL: database.urlFor(role, { application_name: 'app' }) };
    if (how === 'in files') {
      writeFileSync(app.path('password'), `${role.password}\n`);
      const { DATABASE_PASSWORD: _, ...others } = parts;
      env = { ...others, DATABASE_PASSWORD_FILE: app.path('password') };
    }
    const boot = await startBundle({ dir: app.dir, env, secrets: [role.password] });
    const { envHashes } = await boot.waitForLog({ fixture: 'recorder', event: 'started' });
    const expected = database.urlFor(role, { application_name: 'app' });
    expect(envHashes).toMatchObject({ DATABASE_URL: sha256(expected) });
    await boot.waitForServer();
  });
});
