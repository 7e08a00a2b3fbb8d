import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { runBundle, startBundle } from '../helpers/bundle.ts';
import { createDatabase } from '../helpers/database.ts';
import { createSecret } from '../helpers/secrets.ts';
import { createStandalone, USERS_MIGRATION } from '../helpers/standalone.ts';

/** Prints each variable that PRINT names in the ways that programs print such things. */
const TALKATIVE_SEED = `
import { inspect } from 'node:util';
import { readFileSync } from 'node:fs';
for (const name of process.env.PRINT.split(',')) {
  const given = process.env[name] ?? readFileSync(process.env[name + '_FILE'], 'utf8');
  console.log(name, given);
  console.error(\`connecting with \${name}=\${given}\`);
  console.log(JSON.stringify({ [name]: given }), JSON.stringify(JSON.stringify({ [name]: given })));
  console.log(inspect({ [name]: given }), inspect([given]));
  console.log(encodeURIComponent(given), new URLSearchParams({ [name]: given }).toString());
  console.log(Buffer.from(given).toString('base64'), Buffer.from(given).toString('base64url'));
  console.log("SELECT '" + given.replaceAll("'", "''") + "'");
  for (const line of given.split(/\\r?\\n|\\\\n/)) console.log('line: ' + line);
  if (URL.canParse(given)) console.log(new URL(given).password, decodeURIComponent(new URL(given).password));
  if (given.startsWith('{')) console.log(JSON.parse(given).private_key, JSON.parse(given));
}
process.exit(Number(process.env.FIXTURE_EXIT_CODE));
`;

function createKey(): string {
  const encoding = { type: 'pkcs8', format: 'pem' } as const;
  const pair = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: encoding,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return pair.privateKey;
}

/** The lines of a key that are no one else's. */
const linesOf = (key: string) =>
  key.split('\n').filter((line) => line.length > 12 && !line.includes('-----'));

function plant() {
  const keys = [createKey(), createKey(), createKey(), createKey()] as const;
  const inUrl = (scheme: string, label: string) =>
    `${scheme}://app:${encodeURIComponent(createSecret(label))}@db/x`;
  const variables: Record<string, string> = {
    SMTP_PASS: createSecret('SMTP_PASS'),
    DB_PWD: createSecret('DB_PWD'),
    KEY_PASSPHRASE: createSecret('KEY_PASSPHRASE'),
    PASSWORD_SALT: createSecret('PASSWORD_SALT'),
    AWS_CREDENTIALS: createSecret('AWS_CREDENTIALS'),
    SENTRY_DSN: `https://${createSecret('SENTRY_DSN').slice(0, 22)}@sentry.example.org/1`,
    NEXTAUTH_SECRET: createSecret('NEXTAUTH_SECRET'),
    sessionToken: createSecret('sessionToken'),
    REDIS_URL: inUrl('redis', 'REDIS_URL'),
    BROKER_URL: inUrl('amqps', 'BROKER_URL'),
    ANYTHING: inUrl('http+unix', 'ANYTHING'),
    SIGNING_KEY: keys[0],
    JWT_PRIVATE_KEY: keys[1].replaceAll('\n', '\\n'),
    SERVICE_ACCOUNT: JSON.stringify({ type: 'service_account', private_key: keys[2] }),
  };
  const files: Record<string, string> = {
    JWT_SECRET: createSecret('JWT_SECRET_FILE'),
    APP_TLS_KEY: keys[3],
    RELATIVE_TOKEN: createSecret('RELATIVE_TOKEN_FILE'),
  };
  return { variables, files, secrets: keys.flatMap(linesOf) };
}

async function prepare(exitCode: number) {
  const { variables, files, secrets } = plant();
  const app = await createStandalone({
    server: 'crashing',
    migrations: { '0001_users': USERS_MIGRATION },
    files: { 'seed.js': `import('./talkative.mjs');\n`, 'talkative.mjs': TALKATIVE_SEED },
  });
  const database = await createDatabase();
  const env: Record<string, string> = {
    DATABASE_URL: database.url,
    ENTRYPOINT_REQUIRE_ENV: 'JWT_SECRET:32',
    FIXTURE_EXIT_CODE: String(exitCode),
    ...variables,
  };
  for (const [name, value] of Object.entries(files)) {
    await app.write(`secrets/${name}`, `${value}\n`);
    env[`${name}_FILE`] = name === 'RELATIVE_TOKEN' ? `secrets/${name}` : app.path('secrets', name);
  }
  env.PRINT = ['DATABASE_URL', ...Object.keys(variables), ...Object.keys(files)].join(',');
  return { app, database, env, secrets, values: { ...variables, ...files } };
}

describe('no planted secret is printed', () => {
  test.each(['json', 'pretty'])('by a seed that prints all there are (%s)', async (LOG_FORMAT) => {
    const { app, env, secrets } = await prepare(1);
    // `runBundle` looks through what comes out.
    const boot = await runBundle({ dir: app.dir, env: { ...env, LOG_FORMAT }, secrets });
    expect(boot.code).toBe(73);
    expect(boot.stdout).toMatch(/SMTP_PASS.*\[redacted\]/);
    expect(boot.stdout).toMatch(/line: \[redacted\]/);
  });

  test('by a failing migration whose error PostgreSQL tells it in', async () => {
    const { app, env, secrets, values } = await prepare(0);
    for (const [name, value] of Object.entries(values)) {
      const literal = `'${value.replaceAll("'", "''")}'`;
      await app.addMigration(
        '0002_fails',
        `DO $do$ BEGIN RAISE EXCEPTION USING MESSAGE = ${literal}, DETAIL = ${literal}; END $do$;`,
      );
      const boot = await runBundle({ dir: app.dir, env, secrets });
      expect(boot.code, name).toBe(65);
      expect(boot.stdout).toContain('[redacted]');
    }
  });

  test('by the message about an environment in which each of them is in the wrong place', async () => {
    const { app, env, secrets, values } = await prepare(0);
    for (const [name, value] of Object.entries(values)) {
      const wrong = {
        PORT: value,
        DATABASE_URL: value,
        DATABASE_PASSWORD_FILE: value,
        ENTRYPOINT_SEED: value,
      };
      const boot = await runBundle({ dir: app.dir, env: { ...env, ...wrong }, secrets });
      expect(boot.code, name).toBe(78);
    }
  });
});

describe('what is not a secret is printed', () => {
  test('though a password is one of its words: 0001_users, the table users, our own help', async () => {
    const { app, env, database } = await prepare(0);
    const withWords = {
      ...env,
      PRINT: 'DATABASE_URL',
      SMTP_PASS: 'users',
      DB_PWD: 'create',
      ENTRYPOINT_SEED: 'never',
    };
    const boot = await startBundle({ dir: app.dir, env: withWords });
    expect(await boot.exit).toMatchObject({ code: 0 });
    expect(boot.logs).toContainEqual(expect.objectContaining({ step: 'migrate', migration: '0001_users' }));
    for (const args of [['--help'], ['explain'], ['explain', '--json'], ['--version']]) {
      const help = await runBundle({
        dir: app.dir,
        args,
        env: { SMTP_PASS: 'users', A_TOKEN: 'deploy', B_TOKEN: 'postgresql' },
      });
      const plain = await runBundle({ dir: app.dir, args });
      expect(help.stdout).toBe(plain.stdout);
    }
    const refused = await runBundle({
      dir: app.dir,
      env: { DATABASE_URL: 'db/app', SMTP_PASS: database.name },
    });
    expect(refused.stdout).toContain('postgresql://USER:PASSWORD@HOST:PORT/DATABASE');
  });
});
