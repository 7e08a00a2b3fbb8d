import { describe, expect, test } from 'vitest';
import { collectSecrets } from '../../../entrypoint/config/collect-secrets.ts';
import { resolveEnvironment } from '../../../entrypoint/config/environment.ts';
import { VARIABLE_NAMES } from '../../../entrypoint/config/variables.ts';
import { readConfig } from '../../../entrypoint/config.ts';
import { Secrets } from '../../../entrypoint/lib/secrets.ts';

/** What a message says of the environment, as it leaves the process. */
function messageFor(env: Record<string, string>): string {
  const environment = resolveEnvironment({ DATABASE_URL: 'postgresql://app@db/main', ...env });
  const secrets = new Secrets();
  for (const secret of collectSecrets(environment)) secrets.add(secret);
  try {
    readConfig(environment, '/app');
  } catch (error) {
    return secrets.redact(String(error));
  }
  return 'valid';
}

const SECRETS = {
  'a connection string': 'postgresql://app:kX9mPq2vRt7w@db:5432/main',
  'one with an access key': 'prisma+postgres://accelerate.prisma-data.net/?api_key=eyJhbGciOiJIUzI1NiJ9',
  'a key with a prefix': 'sk_live_51HxQzK2eZvKYlo2C0aBcDeFgHiJkLm',
  'a hexadecimal secret': 'b7e23ec29af22b0b4e41da31e868d57226121c84',
  'one of Base64': 'q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ+/==',
  'a password': 'hunter2!Kx9',
};

describe.each(Object.entries(SECRETS))(
  '%s is printed of no variable that it was given to by mistake',
  (_, secret) => {
    test.each(VARIABLE_NAMES)('%s', (name) => {
      const message = messageFor({ [name]: secret });
      for (const part of [
        'kX9mPq2vRt7w',
        'eyJhbGciOiJIUzI1NiJ9',
        '51HxQzK2eZ',
        'b7e23ec29a',
        'q83vEjRWeJ',
        'Kx9',
      ])
        expect(message).not.toContain(part);
    });

    test('as one of a list of names', () => {
      const message = messageFor({ ENTRYPOINT_REQUIRE_ENV: `APP_KEY,${secret}:32` });
      expect(message).not.toContain(secret);
    });
  },
);

test.each([
  ['PORT', 'eighty', '`eighty`'],
  ['PORT', '70000', '`70000`'],
  ['ENTRYPOINT_DB_TIMEOUT', '10 minutes', '`10 minutes`'],
  ['ENTRYPOINT_LOCK_TIMEOUT', '5min', '`5min`'],
  ['ENTRYPOINT_HEALTH_PATH', 'api/health', '`api/health`'],
  ['ENTRYPOINT_DATABASE_URL_FROM', 'POSTGRES-URL;DATABASE_URL', '`POSTGRES-URL;DATABASE_URL`'],
  ['ENTRYPOINT_DATABASE_MIN_VERSION', '15.2', '`15.2`'],
])('%s=%s is shown as it was given', (name, value, shown) => {
  expect(messageFor({ [name]: value })).toContain(shown);
});

test('a name that a list has and no variable is shown where it is one', () => {
  expect(messageFor({ DATABASE_URL: '', ENTRYPOINT_DATABASE_URL_FROM: 'POSTGRES_URL2' })).toContain(
    'POSTGRES_URL2',
  );
});
