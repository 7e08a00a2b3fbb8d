import { beforeAll, describe, expect, test } from 'vitest';
import { runBundle, startBundle } from '../helpers/bundle.ts';
import { type Authority, createAuthority, createSelfSigned } from '../helpers/certificates.ts';
import { createDatabase, createRole, type Database, type Role } from '../helpers/database.ts';
import { type PostgresServer, startServer } from '../helpers/postgres.ts';
import type { AnyProblem } from '../helpers/problems.ts';
import { createStandalone, type Standalone, USERS_MIGRATION } from '../helpers/standalone.ts';

let app: Standalone;
let authority: Authority;
let stranger: Authority;
let server: PostgresServer;
let database: Database;
let certified: Role;
let encryptedOnly: Role;

beforeAll(async () => {
  app = await createStandalone({
    migrations: { '1_users': `${USERS_MIGRATION}INSERT INTO users (email) VALUES ('a@example.org');` },
    seed: 'works',
  });
  authority = await createAuthority();
  stranger = await createAuthority();
  server = await startServer();
  database = await createDatabase({ server });
  certified = await createRole({ server, superuser: true });
  encryptedOnly = await createRole({ server, superuser: true });
  await server.allow([
    `hostssl all ${certified.name} all cert`,
    `host all ${certified.name} all reject`,
    `hostnossl all ${encryptedOnly.name} all reject`,
  ]);
  await server.useTls(await authority.issue({ names: ['127.0.0.1'] }));
});

/** How an attempt ended: encrypted, in the clear, or refused with one problem. */
async function attempt(url: string, parameters: string, env: Record<string, string> = {}) {
  const { code, logs } = await runBundle({
    dir: app.dir,
    args: ['wait'],
    env: { DATABASE_URL: `${url}?${parameters}`, ...env },
  });
  const connection = logs.find(({ step, event }) => step === 'database' && event === 'done');
  if (code === 0) return connection?.encrypted === true ? 'encrypted' : 'in the clear';
  const { error } = logs.at(-1) ?? {};
  expect([code, error?.code], JSON.stringify(error)).toEqual(
    code === 78 ? [78, 'CONFIG_INVALID'] : [77, 'DATABASE_TLS'],
  );
  const [problem] = (error?.problems ?? []) as AnyProblem[];
  return `${problem?.message ?? problem?.got} -> ${problem?.hint}`;
}

const NO_TLS = /the server does not support SSL, but sslmode=\S+ requires it -> .*sslmode=prefer or disable/;
const UNTRUSTED =
  /certificate verification failed: .* \((?:SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+)\) -> Trust its certificate authority.*sslrootcert/;
const OTHER_AUTHORITY =
  /certificate verification failed: certificate signature failure \(CERT_SIGNATURE_FAILURE\) -> .*sslrootcert/;
const SELF_SIGNED =
  /certificate verification failed: self-signed certificate \(\w+\) -> Trust the certificate.*sslrootcert/;
const NO_ROOT = /^no sslrootcert -> Set sslrootcert to .*, or use sslmode=verify-full/;
const EXPIRED = /certificate verification failed: certificate has expired \(CERT_HAS_EXPIRED\) -> Renew/;
const MISNAMED =
  /certificate verification failed: Hostname.* \(ERR_TLS_CERT_ALTNAME_INVALID\) -> Connect by a host name/;

async function expectOutcomes(
  url: string,
  expected: Record<string, string | RegExp>,
  env: Record<string, string> = {},
): Promise<void> {
  const ends = Object.keys(expected).map(async (parameters) => [
    parameters,
    await attempt(url, parameters, env),
  ]);
  expect(Object.fromEntries(await Promise.all(ends))).toEqual(
    Object.fromEntries(
      Object.entries(expected).map(([parameters, outcome]) => [parameters, expect.stringMatching(outcome)]),
    ),
  );
}

describe('a server whose certificate an authority has signed', () => {
  test('is used as libpq would use it where nobody vouches for it', async () => {
    await expectOutcomes(database.url, {
      '': 'encrypted',
      'sslmode=disable': 'in the clear',
      'sslmode=allow': 'encrypted',
      'sslmode=require': 'encrypted',
      'sslmode=require&sslaccept=accept_invalid_certs': 'encrypted',
      'sslmode=verify-ca': NO_ROOT,
      'sslmode=verify-full': UNTRUSTED,
      'sslaccept=strict': UNTRUSTED,
    });
  });

  test('is verified with its authority, and its name where that is asked for', async () => {
    const trusted = `sslrootcert=${authority.certificate}`;
    await expectOutcomes(database.url, {
      [`sslmode=verify-full&${trusted}`]: 'encrypted',
      // Prisma's way to name the authority.
      [`sslmode=require&sslaccept=strict&sslcert=${authority.certificate}`]: 'encrypted',
    });
    await expectOutcomes(database.url.replace('@127.0.0.1:', '@localhost:'), {
      [`sslmode=require&${trusted}`]: 'encrypted',
      [`sslmode=verify-ca&${trusted}`]: 'encrypted',
      [`sslmode=verify-full&${trusted}`]: MISNAMED,
      [`sslaccept=strict&${trusted}`]: MISNAMED,
    });
  });

  test('is vouched for by NODE_EXTRA_CA_CERTS', async () => {
    const env = { NODE_EXTRA_CA_CERTS: authority.certificate };
    await expectOutcomes(database.url, { 'sslmode=verify-full': 'encrypted' }, env);
    const byName = database.url.replace('@127.0.0.1:', '@localhost:');
    await expectOutcomes(byName, { 'sslmode=verify-full': MISNAMED }, env);
  });

  test('is refused where another authority is given, with sslmode=require too', async () => {
    await expectOutcomes(database.url, {
      [`sslmode=require&sslrootcert=${stranger.certificate}`]: OTHER_AUTHORITY,
      [`sslmode=verify-full&sslrootcert=${stranger.certificate}`]: OTHER_AUTHORITY,
    });
  });

  test('is one that lock, engine and counting reach with the same one setting', async () => {
    const parameters = { sslmode: 'verify-full', sslrootcert: authority.certificate };
    const DATABASE_URL = database.urlFor(encryptedOnly, parameters);
    const boot = await startBundle({ dir: app.dir, env: { DATABASE_URL } });
    await boot.waitForServer();
    expect(await database.migrations()).toMatchObject([{ finished: true }]);
    expect(boot.logs.find(({ step, event }) => step === 'seed' && event === 'skipped')).toBeDefined();
    await expectOutcomes(database.urlFor(encryptedOnly), { 'sslmode=disable': /sslmode=require/ });
  });
});

describe('a server that asks for a certificate of ours', () => {
  const parametersWith = (files: { certificate: string; key: string }) =>
    `sslmode=verify-full&sslrootcert=${authority.certificate}&sslcert=${files.certificate}&sslkey=${files.key}`;

  test('takes the one that sslcert and sslkey name, and no other', async () => {
    const own = await authority.issue({ commonName: certified.name });
    const others = await authority.issue({ commonName: 'somebody_else' });
    const forged = await stranger.issue({ commonName: certified.name });
    await expectOutcomes(database.urlFor(certified), {
      [parametersWith(own)]: 'encrypted',
      'sslmode=require': /valid client certificate.* -> .*sslcert=FILE and sslkey=FILE/,
      [parametersWith(others)]: /certificate authentication failed.* -> .*sslcert=FILE and sslkey=FILE/,
      [parametersWith(forged)]:
        /TLS handshake failed: tlsv1 alert (?:unknown ca|decrypt error) .* -> Check the certificates/,
      [parametersWith({ ...own, key: '/nowhere/client.key' })]:
        /^no such file or directory \(ENOENT\) at .nowhere.client\.key -> Mount/,
      [parametersWith({ ...own, key: others.key })]: /TLS handshake failed: key values mismatch \(/,
    });
  });
});

describe('a server of which there is nothing to trust', () => {
  test('has no TLS, then a self-signed certificate, then an expired one: the boot tells them apart', async () => {
    const other = await startServer();
    const { url } = await createDatabase({ server: other });
    await expectOutcomes(url, {
      '': 'in the clear',
      'sslmode=require': NO_TLS,
      'sslmode=verify-full': NO_TLS,
      'sslaccept=strict': NO_TLS,
    });

    const selfSigned = await createSelfSigned({ names: ['127.0.0.1'] });
    await other.useTls(selfSigned);
    await expectOutcomes(url, {
      'sslmode=require': 'encrypted',
      'sslmode=verify-full': SELF_SIGNED,
      'sslaccept=strict': SELF_SIGNED,
      [`sslmode=verify-full&sslrootcert=${selfSigned.certificate}`]: 'encrypted',
    });

    await other.useTls(await authority.issue({ names: ['127.0.0.1'], expired: true }));
    await expectOutcomes(url, {
      'sslmode=require': 'encrypted',
      [`sslmode=verify-ca&sslrootcert=${authority.certificate}`]: EXPIRED,
      [`sslmode=verify-full&sslrootcert=${authority.certificate}`]: EXPIRED,
    });
  });
});
