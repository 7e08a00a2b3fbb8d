import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { VARIABLE_NAMES, VARIABLES, type Variable } from '../../entrypoint/config/variables.ts';
import type { Problem } from '../../entrypoint/lib/errors.ts';
import { runBundle, startBundle } from '../helpers/bundle.ts';
import { createDatabase, createRole } from '../helpers/database.ts';
import { createProxy } from '../helpers/network.ts';
import { createStandalone, type Standalone } from '../helpers/standalone.ts';

async function refuse(env: Record<string, string>, app?: Standalone) {
  const { dir } = app ?? (await createStandalone());
  const { code, stdout, stderr, logs } = await runBundle({ dir, env });
  const [failure] = logs;
  expect(logs).toHaveLength(1);
  expect(failure).toMatchObject({
    level: 'error',
    step: 'config',
    event: 'failed',
    exitStatus: 78,
    retry: false,
  });
  expect(failure?.error?.code).toBe('CONFIG_INVALID');
  expect(code).toBe(78);
  return { problems: failure?.error?.problems as Problem[], output: stdout + stderr };
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
    expect(envHashes).toMatchObject({ DATABASE_URL: createHash('sha256').update(expected).digest('hex') });
    expect(envHashes).not.toHaveProperty('DATABASE_PASSWORD_FILE');
    await boot.waitForServer();
  });
});
