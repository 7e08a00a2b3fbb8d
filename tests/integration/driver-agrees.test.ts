import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { TLSSocket } from 'node:tls';
import pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { sourceOfUrl } from '../../entrypoint/config/connection-source.ts';
import { parseDatabaseUrl } from '../../entrypoint/config/database-url.ts';
import { connect } from '../../entrypoint/postgres/connect.ts';
import { driverUrl } from '../../entrypoint/postgres/driver-url.ts';
import { startBundle } from '../helpers/bundle.ts';
import { type Authority, createAuthority, createSelfSigned } from '../helpers/certificates.ts';
import { onCleanup } from '../helpers/cleanup.ts';
import { createDatabase, createRole, type Database, type Role } from '../helpers/database.ts';
import { type PostgresServer, startServer } from '../helpers/postgres.ts';
import { createStandalone } from '../helpers/standalone.ts';

type Outcome = 'encrypted' | 'in the clear' | 'refused' | 'not a configuration';

const client = async (url: string) => {
  const session = new pg.Client({ connectionString: url, connectionTimeoutMillis: 30_000 });
  session.on('error', () => undefined);
  await session.connect();
  const [row] = (
    await session.query<{ ssl: boolean }>('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')
  ).rows;
  await session.end();
  return row?.ssl ? 'encrypted' : 'in the clear';
};

/** What a connection string means to us, and to node-postgres in the words that Zarpe hands on. */
async function meanings(url: string): Promise<{ ours: Outcome; driver: Outcome }> {
  const parsed = parseDatabaseUrl(sourceOfUrl('DATABASE_URL'), url, '/');
  if ('problem' in parsed) return { ours: 'not a configuration', driver: 'not a configuration' };
  const settings = parsed.value;
  const session = await connect(settings, { signal: AbortSignal.timeout(30_000) }).catch(() => undefined);
  session?.end();
  const encrypted = session?.encrypted;
  const driver = await client(driverUrl({ url, settings, encrypted })).catch(() => 'refused' as const);
  return { ours: encrypted === undefined ? 'refused' : encrypted ? 'encrypted' : 'in the clear', driver };
}

let authority: Authority;
let stranger: Authority;
const urls = new Map<string, (host: string, parameters: string) => string>();

beforeAll(async () => {
  [authority, stranger] = await Promise.all([createAuthority(), createAuthority()]);
  const selfSigned = await createSelfSigned({ names: ['127.0.0.1'] });
  const signed = await authority.issue({ names: ['127.0.0.1'] });
  const add = (kind: string, database: Database, role?: Role) => {
    const url = new URL(database.urlFor(role));
    urls.set(kind, (host, parameters) => {
      url.hostname = host;
      url.search = parameters;
      return url.href;
    });
  };
  const start = async (
    kind: string,
    certificate?: { certificate: string; key: string; authority: string },
  ) => {
    const server: PostgresServer = await startServer();
    if (certificate) await server.useTls(certificate);
    const database = await createDatabase({ server });
    add(kind, database);
    return { server, database };
  };
  await start('no TLS');
  await start('self-signed', selfSigned);
  const { server, database } = await start('signed', signed);
  const only = async (kind: string, rule: string) => {
    const role = await createRole({ server, superuser: true });
    await server.allow([`${rule} all ${role.name} all reject`]);
    add(kind, database, role);
  };
  await only('TLS alone', 'hostnossl');
  await only('no TLS for this role', 'hostssl');
  await server.reload();
});

const seen = new Set<Outcome>();
const MODES = ['', 'disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'];

describe.each(['no TLS', 'self-signed', 'signed', 'TLS alone', 'no TLS for this role'])(
  'a server with %s',
  (kind) => {
    test.each(MODES)(
      'means the same to us and to node-postgres with sslmode=%s, whatever stands beside it',
      async (mode) => {
        const beside = [
          '',
          `sslrootcert=${authority.certificate}`,
          `sslrootcert=${stranger.certificate}`,
          'sslrootcert=system',
          'sslaccept=strict',
          `sslaccept=strict&sslcert=${authority.certificate}`,
          `sslaccept=accept_invalid_certs&sslcert=${authority.certificate}`,
          'uselibpqcompat=true&options=-c%20work_mem%3D1MB',
        ];
        for (const host of ['127.0.0.1', 'localhost']) {
          for (const more of beside) {
            const parameters = [mode === '' ? '' : `sslmode=${mode}`, more].filter(Boolean).join('&');
            const { ours, driver } = await meanings(urls.get(kind)?.(host, parameters) ?? '');
            seen.add(ours);
            expect({ host, parameters, outcome: driver }).toEqual({ host, parameters, outcome: ours });
          }
        }
      },
    );
  },
);

test('all of these were seen: TLS, none, refusals, and what is no configuration', () => {
  expect([...seen].toSorted()).toEqual(['encrypted', 'in the clear', 'not a configuration', 'refused']);
});

/** Tells, of each connection string, the parameters that it has once it listens. */
const TELLS = `// A server of the test's own.
const parameters = (url) => url === undefined ? '' : new URL(url).search;
require('node:http').createServer((_, response) => response.end('ok')).listen(process.env.PORT, () => {
  const { DATABASE_URL, DIRECT_URL } = process.env;
  console.log(JSON.stringify({ fixture: 'tells', event: 'ready', server: parameters(DATABASE_URL), direct: parameters(DIRECT_URL) }));
});
`;
const SEED = `const url = process.env.DIRECT_URL ?? process.env.DATABASE_URL;
console.log('seeded with ' + new URL(url).search);`;

describe('the app', () => {
  const boot = async (env: Record<string, string>) => {
    const app = await createStandalone({
      packageType: 'commonjs',
      files: { 'server.js': TELLS, 'seed.js': SEED },
    });
    const process = await startBundle({ dir: app.dir, env: { ENTRYPOINT_SEED: 'always', ...env } });
    const { server, direct } = await process.waitForLog({ fixture: 'tells', event: 'ready' });
    const seeded = process.logs.find(({ step, event }) => step === 'seed' && event === 'output');
    return { server, direct, seed: seeded?.msg };
  };
  const ENCRYPTED = '?sslmode=require&uselibpqcompat=true';

  test.each(['on', 'off'])(
    'learns what was found where the mode leaves it open (preload %s)',
    async (preload) => {
      const env = { ENTRYPOINT_PRELOAD: preload };
      const url = (kind: string, parameters = '') => urls.get(kind)?.('127.0.0.1', parameters) ?? '';
      expect(await boot({ ...env, DATABASE_URL: url('TLS alone') })).toEqual({
        server: ENCRYPTED,
        direct: '',
        seed: `seeded with ${ENCRYPTED}`,
      });
      expect(await boot({ ...env, DATABASE_URL: url('no TLS', 'sslmode=prefer') })).toMatchObject({
        server: '?sslmode=disable',
        seed: 'seeded with ?sslmode=disable',
      });
      expect(
        await boot({ ...env, DATABASE_URL: url('self-signed'), DIRECT_URL: url('no TLS', 'sslmode=prefer') }),
      ).toEqual({ server: ENCRYPTED, direct: '?sslmode=disable', seed: 'seeded with ?sslmode=disable' });
      expect(
        await boot({
          ...env,
          DATABASE_URL: url('no TLS for this role', 'sslmode=prefer'),
          DIRECT_URL: url('signed'),
        }),
      ).toMatchObject({ server: '?sslmode=disable', direct: ENCRYPTED });
    },
  );

  test('learns that a server supports TLS whose login takes too long', async () => {
    const port = await startSlowPooler();
    const { server } = await boot({
      DATABASE_URL: `postgresql://app:app@127.0.0.1:${port}/app`,
      DIRECT_URL: urls.get('no TLS')?.('127.0.0.1', 'sslmode=disable') ?? '',
    });
    expect(server).toBe(ENCRYPTED);
  });
});

/** Encrypts connections, and never answers a login. */
async function startSlowPooler(): Promise<number> {
  const { certificate, key } = await createSelfSigned({ names: ['127.0.0.1'] });
  const identity = { cert: await readFile(certificate), key: await readFile(key) };
  const pooler = createServer((socket) => {
    socket.once('data', () => {
      socket.write('S');
      new TLSSocket(socket, { ...identity, isServer: true }).on('error', () => undefined).resume();
    });
  });
  await once(pooler.listen(0, '127.0.0.1'), 'listening');
  onCleanup(() => void pooler.close());
  return (pooler.address() as AddressInfo).port;
}
