import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { readConnection } from '../../prisma/connection.ts';
import { createSelfSigned } from '../helpers/certificates.ts';
import { onCleanup } from '../helpers/cleanup.ts';
import { createDatabase, createRole, type Database, type Role } from '../helpers/database.ts';
import { authentication, fakeServer, message } from '../helpers/fake-server.ts';
import { type PostgresServer, startServer } from '../helpers/postgres.ts';
import { createFolder } from '../helpers/workspace.ts';

const PRINTABLE = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join('');

test('takes every printable character as it was before it was encoded', async () => {
  const text = encodeURIComponent(PRINTABLE);
  const { pool } = read(`postgresql://${text}:${text}@db.example:6432/${text}?sslmode=disable`);
  expect(pool).toMatchObject({
    host: 'db.example',
    port: 6432,
    user: PRINTABLE,
    password: PRINTABLE,
    database: PRINTABLE,
  });
});

test('gives Prisma its schema, and node-postgres what Prisma means by the rest', async () => {
  const parameters =
    'schema=app&connection_limit=7&connect_timeout=9&socket_timeout=11&application_name=a&options=-c%20x%3D1';
  const { pool, schema } = read(`postgres://u:p@[::1]/d?sslmode=disable&pgbouncer=true&${parameters}`);
  expect(schema).toBe('app');
  expect(pool).toMatchObject({
    ...{ host: '::1', port: 5432, user: 'u', password: 'p', database: 'd', ssl: false, max: 7 },
    ...{ connectionTimeoutMillis: 9000, query_timeout: 11000, application_name: 'a', options: '-c x=1' },
  });
});

test('takes the folder of a Unix socket, which needs no TLS', async () => {
  const { pool } = read('postgresql://u:p@localhost/d?host=/var/run/postgresql');
  expect(pool).toMatchObject({ host: '/var/run/postgresql', port: 5432, ssl: false });
});

test.each([
  ['sslmode=require', { rejectUnauthorized: false }],
  ['sslmode=require&uselibpqcompat=true', { rejectUnauthorized: false }],
  ['sslmode=require&sslaccept=accept_invalid_certs', { rejectUnauthorized: false }],
])('%s encrypts and does not verify, with Zarpe and without', (parameters, expected) => {
  expect(read(`postgresql://u:p@h/d?${parameters}`).pool.ssl).toMatchObject(expected);
});

test.each(['sslmode=verify-full', 'sslmode=verify-full&sslaccept=strict'])('%s verifies', (parameters) => {
  expect(read(`postgresql://u:p@h/d?${parameters}`).pool.ssl).not.toHaveProperty('rejectUnauthorized', false);
});

test('takes the certificates of libpq, and the PKCS #12 file of Prisma', async () => {
  const folder = await createFolder('certificates');
  const file = async (name: string) => {
    await writeFile(join(folder, name), name);
    return encodeURIComponent(join(folder, name));
  };
  const parameters = `sslrootcert=${await file('ca')}&sslcert=${await file('cert')}&sslkey=${await file('key')}`;
  const { ssl } = read(`postgresql://u:p@h/d?sslmode=require&${parameters}&sslpassword=s`).pool;
  expect(ssl).toMatchObject({
    ...{ ca: 'ca', cert: 'cert', passphrase: 's' },
    checkServerIdentity: expect.any(Function),
  });
  const pfx = read(`postgresql://u:p@h/d?sslmode=require&sslidentity=${await file('me.p12')}`).pool.ssl;
  expect(pfx).toMatchObject({ pfx: Buffer.from('me.p12'), rejectUnauthorized: false });
});

test.each([
  ['sslMode=verify-full', 'sslMode, which would be ignored'],
  ['ssl=true', 'ssl, which would be ignored'],
  ['sslmod=require', 'sslmod, which would be ignored'],
  ['sslmode=disable&sslmode=verify-full', 'sslmode twice'],
  ['sslmode=', 'sslmode without a value'],
  ['channelBinding=require', 'channelBinding, which would be ignored'],
  ['sslmode=require&sslaccept=strict', 'sslaccept=strict: write sslmode=verify-full'],
])('refuses %s, which would be a connection less safe than was meant', (parameters, expected) => {
  expect(() => read(`postgresql://u:hush@h/d?${parameters}`)).toThrow(expected);
});

test('is not told otherwise by PGSSLMODE and PGPORT, which Zarpe does not read', () => {
  vi.stubEnv('PGSSLMODE', 'require');
  vi.stubEnv('PGPORT', '1');
  const client = new pg.Client(read('postgresql://u:p@h/d').pool as pg.ClientConfig);
  expect({ port: client.port, ssl: client.ssl }).toEqual({ port: 5432, ssl: false });
  vi.unstubAllEnvs();
});

describe('its client', () => {
  let server: PostgresServer;
  let database: Database;
  const roles = new Map<string, Role>();

  beforeAll(async () => {
    server = await startServer();
    await server.useTls(await createSelfSigned({ names: ['127.0.0.1'] }));
    database = await createDatabase({ server });
    for (const method of ['password', 'scram-sha-256', 'trust']) {
      const role = await createRole({ server });
      roles.set(method, role);
      await server.allow([`host all ${role.name} all ${method}`]);
    }
    await server.reload();
  });

  test.each([
    ['scram-sha-256', { sslmode: 'disable' }, 'in'],
    [
      'scram-sha-256',
      { sslmode: 'require', channel_binding: 'require', require_auth: 'scram-sha-256' },
      'in',
    ],
    ['scram-sha-256', { sslmode: 'disable', channel_binding: 'require' }, 'channel_binding=require'],
    ['scram-sha-256', { sslmode: 'require', require_auth: 'md5' }, 'require_auth'],
    ['password', { sslmode: 'disable' }, 'in the clear'],
    ['password', { sslmode: 'disable', require_auth: '!md5' }, 'in the clear'],
    ['password', { sslmode: 'disable', require_auth: 'password' }, 'in'],
    ['password', { sslmode: 'disable', require_auth: 'md5, password' }, 'in'],
    ['password', { sslmode: 'require', require_auth: '!md5, !password' }, 'require_auth'],
    ['password', { sslmode: 'require' }, 'in'],
    ['password', { sslmode: 'require', require_auth: '!password' }, 'require_auth'],
    ['password', { sslmode: 'require', channel_binding: 'require' }, 'channel_binding=require'],
    ['trust', { sslmode: 'require', require_auth: 'scram-sha-256' }, 'require_auth'],
    ['trust', { sslmode: 'require', channel_binding: 'require' }, 'channel_binding=require'],
    ['trust', { sslmode: 'require', require_auth: 'none' }, 'in'],
  ])('meets a server that asks for %s with %j: %s', async (method, parameters, expected) => {
    const end = await ask(database.urlFor(roles.get(method), parameters));
    if (expected === 'in') expect(end).toBe('in');
    else expect(end).toContain(expected);
  });
});

test.each(['sslmode=require&channel_binding=require', 'sslmode=require&require_auth=scram-sha-256'])(
  'with %s its client lets in no server that has not proved to know the password',
  async (parameters) => {
    const { certificate, key } = await createSelfSigned({ names: ['127.0.0.1'] });
    const options = { cert: await readFile(certificate), key: await readFile(key), isServer: true };
    const letIn = [authentication(0), message('S', 'server_version\0', '17.0\0'), message('Z', 'I')];
    const port = await listen((socket) => {
      const answers = [authentication(10, 'SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0'), Buffer.concat(letIn)];
      socket.once('data', () => {
        socket.write('S');
        const secure = new TLSSocket(socket, options).on('error', () => undefined);
        secure.on('data', () => secure.write(answers.shift() ?? ''));
      });
    });
    const end = await ask(`postgresql://u:hush@127.0.0.1:${port}/d?${parameters}`);
    expect(end).toContain('has not proved that it knows the password');
  },
);

test.each([
  ['the password', authentication(3), ''],
  ['the password', authentication(3), '?require_auth=none,password'],
  ['MD5', authentication(5, 'salt'), ''],
  ['SCRAM', authentication(10, 'SCRAM-SHA-256\0\0'), ''],
])('its client says nothing to a server that asks for %s after the login', async (_, request, parameters) => {
  const letIn = [authentication(0), message('S', 'server_version\0', '17.0\0'), message('Z', 'I')];
  const server = await fakeServer([Buffer.concat(letIn), request]);
  const end = await ask(`postgresql://u:hush@127.0.0.1:${server.port}/d${parameters}`);
  expect(end).toContain('after the login');
  expect(server.heard().toString('latin1')).not.toMatch(/p\0\0\0.(?:hush|md5|SCRAM)/s);
});

test.each(['', 'mysql://u:hush@h/d', 'u:hush@h'])(
  'says what is wrong with "%s" without repeating it',
  (url) => {
    expect(() => read(url)).toThrow(/^(?!.*hush).*not a postgresql:\/\/ URL/);
  },
);

/** How it ends when Prisma asks something there: `in`, or the reason why it did not get that far. */
async function ask(url: string): Promise<string> {
  const adapter = await new PrismaPg(read(url).pool).connect();
  const end = await adapter.queryRaw({ sql: 'SELECT 1', args: [], argTypes: [] }).then(() => 'in', String);
  await adapter.dispose();
  return end;
}

async function listen(onSocket: (socket: Socket) => void): Promise<number> {
  const server = createServer(onSocket).listen(0, '127.0.0.1');
  onCleanup(() => {
    server.close();
  });
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function read(url: string) {
  return readConnection(url);
}
