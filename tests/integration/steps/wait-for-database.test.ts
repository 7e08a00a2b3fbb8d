import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { type BundleOutput, runBundle, startBundle } from '../../helpers/bundle.ts';
import { createAuthority, createSelfSigned } from '../../helpers/certificates.ts';
import { onCleanup } from '../../helpers/cleanup.ts';
import { createDatabase, createRole, type Database, formatUrl } from '../../helpers/database.ts';
import { authentication, message } from '../../helpers/fake-server.ts';
import { closedPort, createProxy, freePort, silentServer } from '../../helpers/network.ts';
import { type PostgresServer, startServer } from '../../helpers/postgres.ts';
import type { AnyProblem } from '../../helpers/problems.ts';
import { createStandalone, type Standalone } from '../../helpers/standalone.ts';

let app: Standalone;
beforeAll(async () => {
  app = await createStandalone();
});

const wait = (url: string, env: Record<string, string> = {}) =>
  runBundle({ dir: app.dir, args: ['wait'], env: { DATABASE_URL: url, ...env } });

function failureOf({ logs }: BundleOutput) {
  const failure = logs.at(-1);
  const [problem] = (failure?.error?.problems ?? []) as AnyProblem[];
  return {
    code: failure?.error?.code,
    retryable: failure?.retryable,
    problem,
    retries: logs.filter(({ event }) => event === 'retry'),
  };
}

describe('what another attempt may get past', () => {
  const env = { ENTRYPOINT_DB_TIMEOUT: '700ms' };

  test('a closed port is tried again until the deadline, a line each: exit 69', async () => {
    const port = await closedPort();
    const boot = await wait(`postgresql://app:a-password@127.0.0.1:${port}/app`, env);
    expect(boot.code).toBe(69);
    const { code, retryable, problem, retries } = failureOf(boot);
    expect({ code, retryable }).toEqual({ code: 'DATABASE_UNAVAILABLE', retryable: true });
    expect(problem?.message).toBe(
      `Could not connect to 127.0.0.1:${port}/app within 700ms: connection refused (ECONNREFUSED)`,
    );
    expect(problem?.hint).toContain('Inside a container, 127.0.0.1 is the container itself');
    expect(problem?.hint).toContain('ENTRYPOINT_DB_TIMEOUT');
    expect(retries.length).toBeGreaterThan(1);
    expect(retries[0]).toMatchObject({ step: 'database', error: { code: 'ECONNREFUSED' } });
    expect(retries[0]?.msg).toMatch(
      /^cannot connect to \S+ yet: connection refused \(ECONNREFUSED\); retrying for \d+ms$/,
    );
    const left = retries.map(({ remainingMs }) => Number(remainingMs));
    expect(left).toEqual(left.toSorted((a, b) => b - a));
  });

  test('an unknown host: exit 69', async () => {
    const boot = await wait('postgresql://app:a-password@no-such-host.invalid/app', env);
    expect(boot.code).toBe(69);
    expect(failureOf(boot).retries[0]?.error?.code).toMatch(/^(ENOTFOUND|EAI_AGAIN)$/);
    expect(failureOf(boot).problem?.message).toMatch(
      /: (?:host name not found \(ENOTFOUND\)|temporary failure in name resolution \(EAI_AGAIN\))$/,
    );
  });

  test('a port that accepts and says nothing is not waited for for ever: exit 69', async () => {
    const { port } = await silentServer();
    const boot = await wait(`postgresql://app:a-password@127.0.0.1:${port}/app?sslmode=disable`, env);
    expect(boot.code).toBe(69);
    expect(failureOf(boot).problem?.message).toMatch(/: timed out: no answer within \d+m?s \(ETIMEDOUT\)$/);
  });

  test('a port that accepts and says nothing to the question for TLS: exit 69', async () => {
    const { port } = await silentServer();
    const boot = await wait(`postgresql://app:a-password@127.0.0.1:${port}/app?sslmode=require`, env);
    expect(boot.code).toBe(69);
    expect(failureOf(boot).problem?.message).toMatch(/: timed out: no answer within \d+m?s \(ETIMEDOUT\)$/);
  });

  test('a port where another kind of server hangs up: exit 69', async () => {
    const proxy = await createProxy({ host: '127.0.0.1', port: await closedPort() });
    proxy.reset();
    const boot = await wait(`postgresql://app:a-password@127.0.0.1:${proxy.port}/app`, env);
    expect(boot.code).toBe(69);
  });

  test('a server that comes up later is waited for', async () => {
    const port = await freePort();
    const url = (server: PostgresServer) => formatUrl(server, 'postgres');
    const first = await startBundle({
      dir: app.dir,
      args: ['wait'],
      env: { DATABASE_URL: `postgresql://app@127.0.0.1:${port}/app`, ENTRYPOINT_DB_TIMEOUT: '60s' },
    });
    await first.waitForLog({ event: 'retry' });
    const server = await startServer({ port });
    // It is there now, and refuses this password: proof that the same process has got through to it.
    expect(await first.exit).toMatchObject({ code: 77 });
    expect((await wait(url(server))).code).toBe(0);
  });

  test('a server that takes connections but is still starting is waited for', async () => {
    const server = await startServer();
    const database = await createDatabase({ server });
    await server.stop();
    // In recovery, whose first step does not end before we say so.
    const go = app.path('recover');
    server.configure({ restore_command: `until [ -e '${go}' ]; do sleep 0.1; done; false` });
    await writeFile(join(server.dataDir, 'recovery.signal'), '');
    const started = server.start();
    const boot = await startBundle({ dir: app.dir, args: ['wait'], env: { DATABASE_URL: database.url } });
    const retry = await boot.waitForLog({ event: 'retry' });
    expect(retry).toMatchObject({
      error: { code: '57P03' },
      msg: expect.stringMatching(/: the database system is .* \(57P03\);/),
    });
    await writeFile(go, '');
    await started;
    expect(await boot.exit).toMatchObject({ code: 0 });
  });

  test('a server without a connection left is waited for', async () => {
    const database = await createDatabase();
    const role = await createRole({ connectionLimit: 0 });
    const boot = await startBundle({
      dir: app.dir,
      args: ['wait'],
      env: { DATABASE_URL: database.urlFor(role) },
    });
    const retry = await boot.waitForLog({ event: 'retry' });
    expect(retry).toMatchObject({
      error: { code: '53300' },
      msg: expect.stringContaining('too many connections for role'),
    });
    await database.admin(`ALTER ROLE ${role.name} CONNECTION LIMIT 5`);
    expect(await boot.exit).toMatchObject({ code: 0 });
  });

  test('a database that allows no connections, as during a restore, is waited for', async () => {
    const database = await createDatabase();
    await database.admin(`ALTER DATABASE "${database.name}" ALLOW_CONNECTIONS false`);
    const boot = await startBundle({ dir: app.dir, args: ['wait'], env: { DATABASE_URL: database.url } });
    const retry = await boot.waitForLog({ event: 'retry' });
    expect(retry).toMatchObject({
      error: { code: '55000' },
      msg: expect.stringContaining('is not currently accepting connections'),
    });
    await database.admin(`ALTER DATABASE "${database.name}" ALLOW_CONNECTIONS true`);
    expect(await boot.exit).toMatchObject({ code: 0 });
  });

  test('a database that stays closed ends the wait with 69 and the statement that opens it', async () => {
    const database = await createDatabase();
    await database.admin(`ALTER DATABASE "${database.name}" ALLOW_CONNECTIONS false`);
    const boot = await wait(database.url, { ENTRYPOINT_DB_TIMEOUT: '1s' });
    const { code, problem } = failureOf(boot);
    expect(boot.code).toBe(69);
    expect(code).toBe('DATABASE_UNAVAILABLE');
    const statement = problem?.hint?.match(/`(ALTER DATABASE .*)`/)?.[1] ?? '';
    await database.admin(statement);
    expect((await wait(database.url)).code).toBe(0);
  });
});

describe('what requires manual action ends the wait at once with 77', () => {
  async function refuse(url: string) {
    const boot = await wait(url, { ENTRYPOINT_DB_TIMEOUT: '60s' });
    const failure = failureOf(boot);
    expect(boot.code).toBe(77);
    expect(failure.retries).toEqual([]);
    expect(failure.retryable).toBe(false);
    return failure;
  }

  test('a wrong password', async () => {
    const database = await createDatabase();
    const role = await createRole();
    const url = database.urlFor({ ...role, password: 'not-the-right-password' });
    const { code, problem } = await refuse(url);
    expect(code).toBe('DATABASE_ACCESS_REFUSED');
    expect(problem?.message).toBe(
      `Could not connect to 127.0.0.1:${database.port}/${database.name}: password authentication failed for user "${role.name}" (28P01)`,
    );
    expect(problem?.hint).toContain('Correct the password in DATABASE_URL');
  });

  test('a wrong password in a variable of its own, which the hint names', async () => {
    const [database, app, { name }] = [await createDatabase(), await createStandalone(), await createRole()];
    const env = {
      DATABASE_HOST: database.host,
      DATABASE_PORT: String(database.port),
      DATABASE_USERNAME: name,
      DATABASE_PASSWORD: 'not-the-right-password',
      DATABASE_NAME: database.name,
    };
    const boot = await runBundle({ dir: app.dir, env });
    expect(failureOf(boot).problem?.hint).toContain('Correct the password in DATABASE_PASSWORD.');
  });

  test('no password', async () => {
    const database = await createDatabase();
    const { problem } = await refuse(
      `postgresql://${database.user}@127.0.0.1:${database.port}/${database.name}`,
    );
    expect(problem?.message).toContain('the server requires a password');
    expect(problem?.hint).toContain('Add the password to DATABASE_URL');
  });

  test('no password, though there is one where only node-postgres would look', async () => {
    const role = await createRole();
    const database = await createDatabase();
    const url = new URL(database.urlFor(role));
    const password = decodeURIComponent(url.password);
    url.password = '';
    const file = app.path('pgpass');
    await writeFile(file, `*:*:*:*:${password}\n`, { mode: 0o600 });
    for (const env of [{ PGPASSWORD: password }, { PGPASSFILE: file }]) {
      const boot = await wait(url.href, env);
      expect(boot.code, boot.stdout).toBe(77);
      expect(failureOf(boot).problem?.message).toContain('and DATABASE_URL has none');
    }
  });

  test('a password with more SCRAM iterations than the driver computes', async () => {
    const database = await createDatabase();
    const role = await createRole();
    await database.admin(
      `SET scram_iterations = 150000; ALTER ROLE ${role.name} PASSWORD ${pg.escapeLiteral(role.password)}`,
    );
    const { code, problem } = await refuse(database.urlFor(role));
    expect(code).toBe('DATABASE_ACCESS_REFUSED');
    expect(problem?.message).toContain('iteration count 150000 exceeds');
    expect(problem?.hint).toContain('scram_iterations');
  });

  test('a role that may not log in, and one that may not connect', async () => {
    const database = await createDatabase();
    const noLogin = await createRole({ login: false });
    expect((await refuse(database.urlFor(noLogin))).problem).toMatchObject({
      message: expect.stringContaining('(28000)'),
      hint: 'Grant it (ALTER ROLE … LOGIN), or set another role in DATABASE_URL.',
    });
    const stranger = await createRole();
    await database.admin(`REVOKE CONNECT ON DATABASE ${database.name} FROM PUBLIC`);
    expect((await refuse(database.urlFor(stranger))).problem).toMatchObject({
      message: expect.stringContaining('(42501)'),
      hint: `Grant role "${stranger.name}" the privilege CONNECT on database "${database.name}".`,
    });
  });

  test('a database that is not there, and that the role may not create', async () => {
    const database = await createDatabase({ create: false });
    const { code, problem } = await refuse(database.urlFor(await createRole()));
    expect(code).toBe('DATABASE_MISSING');
    expect(problem?.message).toMatch(
      /: database "\w+" does not exist \(3D000\), and could not be created: permission denied to create database \(42501\)$/,
    );
    expect(problem?.hint).toContain('CREATEDB');
    expect(await database.admin(`SELECT 1 FROM pg_database WHERE datname = '${database.name}'`)).toEqual([]);
  });

  test('a server without TLS where TLS is demanded', async () => {
    const { url } = await createDatabase();
    for (const sslmode of ['require', 'verify-ca', 'verify-full']) {
      const { code, problem } = await refuse(`${url}?sslmode=${sslmode}&sslrootcert=ca.pem`);
      expect(code).toBe('DATABASE_TLS');
      // With an authority `require` is `verify-ca`, as in libpq.
      const mode = sslmode === 'require' ? 'verify-ca' : sslmode;
      expect(problem?.message).toContain(`the server does not support SSL, but sslmode=${mode} requires it`);
    }
  });
});

describe('a database that is missing', () => {
  const migrate = (url: string) => runBundle({ dir: app.dir, args: ['migrate'], env: { DATABASE_URL: url } });

  test('is created where the role may, whatever its name', async () => {
    const role = await createRole({ createdb: true });
    const database = await createDatabase({ create: false, name: `it's "odd" %41 ${Date.now()}` });
    const boot = await migrate(database.urlFor(role));
    expect(boot.code).toBe(0);
    expect(boot.logs.filter(({ event }) => event === 'created')).toHaveLength(1);
    expect(await database.migrations()).toHaveLength(1);
  });

  test('is asked for where the role may not: exit 77', async () => {
    const role = await createRole();
    const database = await createDatabase({ create: false });
    const boot = await migrate(database.urlFor(role));
    expect(boot.code).toBe(77);
    expect(failureOf(boot)).toMatchObject({ code: 'DATABASE_MISSING', retryable: false });
  });

  test('is created by one of two that come at once, and found by the other', async () => {
    const role = await createRole({ createdb: true });
    const database = await createDatabase({ create: false });
    const boots = await Promise.all([migrate(database.urlFor(role)), migrate(database.urlFor(role))]);
    expect(boots.map(({ code }) => code)).toEqual([0, 0]);
    expect(await database.migrations()).toHaveLength(1);
  });

  test.each([
    ['has it already', message('E', 'SERROR\0VERROR\0C42P04\0Mdatabase "app" already exists\0\0')],
    ['has created it', message('C', 'CREATE DATABASE\0')],
  ])(
    'and stays so, though the server says that it %s, is waited for with pauses: exit 69',
    async (_, answer) => {
      const { url, accepted } = await startForgetful(answer);
      const boot = await wait(url, { ENTRYPOINT_DB_TIMEOUT: '2s' });
      expect(boot.code).toBe(69);
      expect(failureOf(boot)).toMatchObject({ code: 'DATABASE_UNAVAILABLE', retryable: true });
      expect(boot.logs.at(-1)?.msg).toContain('add it to the databases of the pooler');
      expect(boot.logs.filter(({ event }) => event === 'retry').length).toBeGreaterThan(0);
      expect(accepted()).toBeLessThan(60);
    },
  );

  test('and whose creation the server never answers, is given up at the deadline: exit 69', async () => {
    const { url } = await startForgetful();
    const boot = await startBundle({
      ...{ dir: app.dir, args: ['migrate'] },
      env: { DATABASE_URL: url, ENTRYPOINT_DB_TIMEOUT: '1s' },
    });
    expect(await boot.exit).toMatchObject({ code: 69 });
    expect(failureOf(boot)).toMatchObject({ code: 'DATABASE_UNAVAILABLE', retryable: true });
    expect(boot.logs.at(-1)?.msg).toContain('no answer within');
  }, 30_000);

  test('and whose creation the server never answers, is not waited for after SIGTERM: exit 143', async () => {
    const { url, asked } = await startForgetful();
    const boot = await startBundle({ dir: app.dir, args: ['migrate'], env: { DATABASE_URL: url } });
    await asked;
    boot.kill('SIGTERM');
    expect(await boot.exit).toMatchObject({ code: 143 });
    expect(boot.logs.at(-1)).toMatchObject({ event: 'shutdown', step: 'database' });
  }, 30_000);

  test('is waited for while somebody is connected to the template that it is made from', async () => {
    const server = await startServer();
    const database = await createDatabase({ server, create: false });
    const busy = await database.connect(formatUrl(server, 'template1'));
    const boot = await startBundle({ dir: app.dir, args: ['migrate'], env: { DATABASE_URL: database.url } });
    expect(await boot.waitForLog({ event: 'retry' })).toMatchObject({ error: { code: '55006' } });
    await busy.end();
    expect(await boot.exit).toMatchObject({ code: 0 });
  });
});

/** Whatever is asked of any other database than `app` ends with an answer, or is never answered; `app` is never there. */
async function startForgetful(answer?: Buffer) {
  const missing = message('E', 'SFATAL\0VFATAL\0C3D000\0Mno such database: app\0\0');
  const ready = message('Z', 'I');
  let onAsked = () => {};
  const asked = new Promise<void>((resolve) => {
    onAsked = resolve;
  });
  let accepted = 0;
  const server = createServer((client) => {
    accepted += 1;
    client.on('error', () => undefined);
    client.once('data', (startup) => {
      if (startup.includes('database\0app\0')) return client.end(missing);
      client.write(Buffer.concat([authentication(0), ready]));
      return client.on('data', (query) => {
        onAsked();
        client.write(query[0] === 88 || answer === undefined ? '' : Buffer.concat([answer, ready]));
      });
    });
  });
  const port = await freePort();
  await once(server.listen(port, '127.0.0.1'), 'listening');
  onCleanup(() => void server.close());
  return {
    url: `postgresql://app@127.0.0.1:${port}/app?sslmode=disable`,
    accepted: () => accepted,
    asked,
  };
}

/** A server that says yes to TLS, and more in the same breath. */
async function startStuffing() {
  let accepted = 0;
  const server = createServer((client) => {
    accepted += 1;
    client.on('error', () => undefined).once('data', () => client.write('SERROR'));
  });
  const port = await freePort();
  await once(server.listen(port, '127.0.0.1'), 'listening');
  onCleanup(() => void server.close());
  return { port, accepted: () => accepted };
}

describe('TLS', () => {
  let server: PostgresServer;
  let database: Database;
  let authority: Awaited<ReturnType<typeof createAuthority>>;
  const connection = (boot: BundleOutput) =>
    boot.logs.find(({ step, event }) => step === 'database' && event === 'done');

  beforeAll(async () => {
    server = await startServer();
    authority = await createAuthority();
    await server.useTls(await authority.issue({ names: ['127.0.0.1'] }));
    database = await createDatabase({ server });
  });

  test.each([
    ['', true],
    ['sslmode=prefer', true],
    ['sslmode=require', true],
    ['sslmode=disable', false],
  ])('with "%s" is used: %s', async (parameters, encrypted) => {
    const boot = await wait(`${database.url}?${parameters}`);
    expect(boot.code).toBe(0);
    expect(connection(boot)).toMatchObject({ encrypted });
  });

  test('verifies the certificate and the host name if sslmode asks for it', async () => {
    for (const sslmode of ['verify-ca', 'verify-full']) {
      const known = await wait(`${database.url}?sslmode=${sslmode}&sslrootcert=${authority.certificate}`);
      expect(known.code).toBe(0);
    }
    const unknown = await wait(`${database.url}?sslmode=verify-full`);
    expect(unknown.code).toBe(77);
    expect(failureOf(unknown)).toMatchObject({ code: 'DATABASE_TLS', retries: [] });
    const otherName = database.url.replace('127.0.0.1', 'localhost');
    const trusted = `sslrootcert=${authority.certificate}`;
    expect((await wait(`${otherName}?sslmode=verify-ca&${trusted}`)).code).toBe(0);
    const misnamed = await wait(`${otherName}?sslmode=verify-full&${trusted}`);
    expect(misnamed.code).toBe(77);
    expect(failureOf(misnamed).problem?.message).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  test('names a certificate file that does not exist', async () => {
    const boot = await wait(`${database.url}?sslmode=verify-full&sslrootcert=certs/none.pem`);
    expect(boot.code).toBe(77);
    expect(failureOf(boot).problem).toMatchObject({
      what: 'sslrootcert in DATABASE_URL',
      got: `no such file or directory (ENOENT) at ${app.path('certs/none.pem')}`,
    });
    expect(existsSync(app.path('certs'))).toBe(false);
  });

  test('that has expired, or vouches for itself alone, is refused where it is verified', async () => {
    const others = await startServer();
    const other = await createDatabase({ server: others });
    await others.useTls(await authority.issue({ names: ['127.0.0.1'], expired: true }));
    const expired = await wait(`${other.url}?sslmode=verify-full&sslrootcert=${authority.certificate}`);
    expect(failureOf(expired).problem?.message).toContain('expired');
    await others.useTls(await createSelfSigned({ names: ['127.0.0.1'] }));
    const selfSigned = await wait(`${other.url}?sslmode=verify-full`);
    expect(failureOf(selfSigned).problem?.message).toContain('self-signed');
    expect([expired.code, selfSigned.code]).toEqual([77, 77]);
    expect((await wait(`${other.url}?sslmode=require`)).code).toBe(0);
  });

  test('that the server refuses to a role is done without where nobody insists on it', async () => {
    const [plain, none, other] = [
      await createRole({ server }),
      await createRole({ server }),
      await createRole({ server }),
    ];
    await server.allow([`hostssl all ${plain.name} all reject`, `host all ${none.name} all reject`]);
    server.reload();
    const url = database.urlFor(plain);
    await expect.poll(async () => (await wait(`${url}?sslmode=require`)).code).toBe(77);
    const boot = await wait(url);
    expect(boot.code).toBe(0);
    expect(connection(boot)).toMatchObject({ encrypted: false });
    // A password that is wrong is not sent a second time, in the clear.
    const proxy = await createProxy(server);
    const wrong = database.urlFor({ name: other.name, password: 'not-the-right-password' });
    expect((await wait(proxy.through(wrong))).code).toBe(77);
    expect(proxy.accepted).toBe(1);
    const neither = await wait(database.urlFor(none));
    expect(neither.code).toBe(77);
    expect(failureOf(neither)).toMatchObject({
      code: 'DATABASE_ACCESS_REFUSED',
      retries: [],
      problem: { message: expect.stringContaining('SSL encryption') },
    });
  });

  test.each(['prefer', 'require', 'verify-full'])(
    'is not begun with sslmode=%s where bytes in the clear come before the handshake: exit 77',
    async (sslmode) => {
      const { port, accepted } = await startStuffing();
      const boot = await wait(`postgresql://app:a-password@127.0.0.1:${port}/app?sslmode=${sslmode}`);
      expect(boot.code).toBe(77);
      expect(failureOf(boot)).toMatchObject({
        code: 'DATABASE_TLS',
        retries: [],
        problem: { message: expect.stringContaining('unencrypted data after the SSL response') },
      });
      expect(accepted()).toBe(1);
    },
  );

  test('that the server demands and the URL turns off is asked for', async () => {
    await server.allow(['hostnossl all all all reject']);
    server.reload();
    await expect.poll(async () => (await wait(`${database.url}?sslmode=disable`)).code).toBe(77);
    const boot = await wait(`${database.url}?sslmode=disable`);
    expect(failureOf(boot)).toMatchObject({
      code: 'DATABASE_TLS',
      problem: { hint: expect.stringContaining('sslmode=require') },
    });
  });
});

describe('a server that works is reached', () => {
  test('whatever the environment tells node-postgres, and with a migration too', async () => {
    const database = await createDatabase();
    const env = {
      ...{
        DATABASE_URL: database.url,
        NODE_PG_FORCE_NATIVE: '1',
        PGSSLNEGOTIATION: 'direct',
        PGUSER: 'nobody',
      },
      ...{
        PGCLIENT_ENCODING: 'LATIN1',
        PGOPTIONS: '-c no.such=setting -c statement_timeout=1',
        PGREPLICATION: 'true',
      },
    };
    const boot = await runBundle({ dir: app.dir, args: ['migrate'], env });
    expect(boot.code, boot.stdout).toBe(0);
  });

  test.each(['0s', '1ms', '10ms'])(
    'with ENTRYPOINT_DB_TIMEOUT=%s: one attempt has a second',
    async (timeout) => {
      const database = await createDatabase();
      const boot = await wait(database.url, { ENTRYPOINT_DB_TIMEOUT: timeout });
      expect(boot.code, boot.stdout).toBe(0);
    },
  );

  test('with any connect_timeout, as long as it may be', async () => {
    const database = await createDatabase();
    const boot = await wait(database.urlFor(undefined, { connect_timeout: '2000000' }));
    expect(boot.code, boot.stdout).toBe(0);
    expect(boot.stderr).toBe('');
  });
});

test('a connection is logged with the server’s version and its round trip', async () => {
  const LATENCY_MS = 20;
  const database = await createDatabase();
  const proxy = await createProxy(database);
  proxy.latency(LATENCY_MS);
  const { port } = proxy;
  const { name } = database;
  const boot = await wait(proxy.through(database.url));
  const done = boot.logs.find(({ event }) => event === 'done');
  expect(done).toMatchObject({ step: 'database', encrypted: false, standby: false, pooled: false });
  expect(done?.serverVersion).toMatch(/^18\./);
  expect(done?.roundTripMs).toBeGreaterThanOrEqual(2 * LATENCY_MS - 2);
  expect(done?.roundTripMs).toBeLessThan(boot.durationMs);
  expect(done?.msg).toMatch(new RegExp(`^PostgreSQL 18\\.\\d+ at 127\\.0\\.0\\.1:${port}/${name} `));
});
