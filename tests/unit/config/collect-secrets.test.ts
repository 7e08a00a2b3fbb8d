import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { collectSecrets } from '../../../entrypoint/config/collect-secrets.ts';
import { resolveEnvironment } from '../../../entrypoint/config/environment.ts';

const secrets = (env: Record<string, string>) => collectSecrets(resolveEnvironment(env));
const VALUE = 'v4lue-of-a-kind';

describe('collectSecrets', () => {
  test.each([
    ...[
      'DATABASE_PASSWORD',
      'NEXTAUTH_SECRET',
      'STRIPE_API_KEY',
      'SENTRY_DSN',
      'MAIL_PASSWD',
      'GITHUB_TOKEN',
    ],
    ...[
      'SMTP_PASS',
      'DB_PWD',
      'KEY_PASSPHRASE',
      'PASSWORD_SALT',
      'AWS_CREDENTIALS',
      'LOGGING_DSN',
      'SALT',
      'PASS',
    ],
    ...[
      'PGPASSWORD',
      'MYSQL_ROOT_PASSWORD_2',
      'SIGNING_KEY',
      'KEY_1',
      'ENCRYPTION_KEYS',
      'JWT_PRIVATE_KEY_BASE64',
    ],
    ...[
      'GOOGLE_APPLICATION_CREDENTIALS_JSON',
      'AZURE_CONNECTION_STRING',
      'REDIS_AUTH',
      'authToken',
      'db.password',
    ],
    ...[
      'SLACK_WEBHOOK_URL',
      'ENTRYPOINT_ALERT_WEBHOOK',
      'HASH_PEPPER',
      'GITHUB_PAT',
      'DB_PW',
      'npm_config__authToken',
    ],
  ])('knows by its name that %s is secret', (name) => {
    expect(secrets({ [name]: VALUE })).toContain(VALUE);
  });

  test.each([
    'PWD',
    'OLDPWD',
    'PATH',
    'KEYBOARD',
    'NODE_ENV',
    'COMPASS_MODE',
    'PUBLIC_ORIGIN',
    'ENTRYPOINT_SEED',
    'LOG_LEVEL',
  ])('does not take %s for secret', (name) => {
    expect(secrets({ [name]: VALUE })).toEqual([]);
  });

  test.each([
    ['CACHE', 'redis://:p%40ss@cache:6379', ['p%40ss', 'p@ss']],
    ['ANY_URL', 'amqp://app:rabbit-hole@mq/vhost', ['rabbit-hole']],
    ['REPLICA_SET', 'mongodb://u:first-one@a,mongodb://u:second-one@b', ['first-one', 'second-one']],
    ['A', 'postgresql://app:hidden@db/app?application_name=a@b', ['hidden']],
    ['MIRROR', 'https://ghp_0123456789@github.com/a/b', ['ghp_0123456789']],
    ['DATABASE_URL', 'postgresql://app@db/app?schema=app&sslpassword=one%20two', ['one%20two', 'one two']],
    ['DATABASE_PARAMS', 'sslpassword=12345&schema=app', ['12345']],
    ['LEGACY_DB', 'Server=db;User Id=app;Password=odd-one', ['odd-one']],
    ['LIBPQ', "host=db user=app password='even-one'", ['even-one']],
    ['JDBC', 'jdbc:postgresql://db/app?user=app&password=java-one', ['java-one']],
    [
      'SETTINGS',
      '{"mail":{"host":"smtp","pass":"deep-one"},"tokens":["t0ken-a","t0ken-b"]}',
      ['deep-one', 't0ken-a', 't0ken-b'],
    ],
    ['SLACK_WEBHOOK_URL', 'https://hooks.example.org/services/T0/B1', ['/services/T0/B1']],
    [
      'CERT',
      '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----',
      ['-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----'],
    ],
    [
      'TLS_KEY',
      Buffer.from('-----BEGIN PRIVATE KEY-----\nMHcC').toString('base64'),
      ['-----BEGIN PRIVATE KEY-----\nMHcC'],
    ],
  ])('finds what is secret in %s=%s', (name, value, expected) => {
    expect(secrets({ [name]: value })).toEqual(expect.arrayContaining(expected));
  });

  test('leaves the rest of a connection string that has a password readable', () => {
    const DATABASE_URL = 'postgresql://app:hidden@db/app';
    expect(secrets({ DATABASE_URL })).not.toContain(DATABASE_URL);
  });

  test('does not take the first parameter for a secret because of a word in the password', () => {
    for (const password of ['pw', 'my-secret', 'token'])
      expect(
        secrets({ DATABASE_URL: `postgresql://app:${password}@db/app?schema=public&a=b` }),
      ).not.toContain('public');
    expect(secrets({ DSN: 'Server=tcp://db;Pwd=hidden-1;' })).toContain('hidden-1');
  });

  test('does not take a switch for a secret because of its name', () => {
    const env = { API_KEY_REQUIRED: 'true', TOKEN_LENGTH: '32', NO_SECRETS: 'off', JWT_TTL: '15m' };
    expect(secrets(env)).toEqual([]);
    expect(secrets({ DATABASE_PASSWORD: '12345' })).toContain('12345');
  });

  test('takes what the app requires for secret, unless it is of a kind', () => {
    const env = { ENTRYPOINT_REQUIRE_ENV: 'GRIND:8,ORIGIN:url', GRIND: 'ground-fine', ORIGIN: 'https://a.b' };
    expect(secrets(env)).toEqual(['ground-fine']);
  });

  test('does not hide the words that our messages need: they would be told by what is missing', () => {
    expect(
      secrets({ DATABASE_URL: 'postgresql://shop:shop@postgres/shop', SMTP_PASS: 'password' }),
    ).not.toEqual(expect.arrayContaining([expect.stringMatching(/^(?:shop|postgres|password)$/)]));
  });

  test('reads files of secret names that only the app reads, and sees a secret where a path belongs', () => {
    const dir = mkdtempSync(join(tmpdir(), 'zarpe-secrets-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    writeFileSync(join(dir, 'redis'), 'in-the-file-1');
    const env = {
      REDIS_PASSWORD_FILE: join(dir, 'redis'),
      APP_TOKEN_FILE: 'in-place-of-1',
      LOG_FILE: join(dir, 'redis'),
    };
    expect(secrets(env)).toEqual(['in-the-file-1', 'in-place-of-1']);
    expect(secrets({ GOOGLE_APPLICATION_CREDENTIALS: join(dir, 'redis') })).toEqual(['in-the-file-1']);
    expect(secrets({ AWS_SECRET_KEY: '/wJalrXUtnFEMI' })).toEqual(['/wJalrXUtnFEMI']);
    expect(secrets({ DATABASE_PASSWORD_FILE: 'in-place-of-2' })).toContain('in-place-of-2');
  });
});
