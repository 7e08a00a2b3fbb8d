import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readConnection } from '../../prisma/connection.ts';
import { onCleanup } from '../helpers/cleanup.ts';
import { freePort } from '../helpers/ports.ts';
import { createFolder } from '../helpers/workspace.ts';

const PRINTABLE = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join('');

test('takes every printable character as it was before it was encoded', async () => {
  const text = encodeURIComponent(PRINTABLE);
  const { pool } = await read(`postgresql://${text}:${text}@db.example:6432/${text}?sslmode=disable`);
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
  const { pool, schema } = await read(`postgres://u:p@[::1]/d?sslmode=disable&pgbouncer=true&${parameters}`);
  expect(schema).toBe('app');
  expect(pool).toEqual({
    ...{ host: '::1', port: 5432, user: 'u', password: 'p', database: 'd', ssl: false, max: 7 },
    ...{ connectionTimeoutMillis: 9000, query_timeout: 11000, application_name: 'a', options: '-c x=1' },
  });
});

test('takes the folder of a Unix socket, which needs no TLS', async () => {
  const { pool } = await read('postgresql://u:p@localhost/d?host=/var/run/postgresql');
  expect(pool).toMatchObject({ host: '/var/run/postgresql', port: 5432, ssl: false });
});

test.each([
  ['sslmode=require', { rejectUnauthorized: false }],
  ['sslmode=require&sslaccept=accept_invalid_certs', { rejectUnauthorized: false }],
  ['sslmode=require&sslaccept=strict', { rejectUnauthorized: true }],
  ['sslmode=verify-full', { rejectUnauthorized: true }],
])('%s verifies the certificate or does not, as Prisma does', async (parameters, expected) => {
  const { pool } = await read(`postgresql://u:p@h/d?${parameters}`);
  expect(pool.ssl).toMatchObject(expected);
});

test('trusts the authority of sslcert (Prisma) or sslrootcert (libpq), and takes sslcert beside sslkey for its own', async () => {
  const folder = await createFolder('certificates');
  const file = async (name: string) => {
    await writeFile(join(folder, name), name);
    return encodeURIComponent(join(folder, name));
  };
  const [ca, cert, key] = [await file('ca'), await file('cert'), await file('key')];
  const tls = async (parameters: string) => (await read(`postgresql://u:p@h/d?${parameters}`)).pool.ssl;
  expect(await tls(`sslmode=require&sslcert=${ca}&sslaccept=strict`)).toMatchObject({
    ca: Buffer.from('ca'),
    rejectUnauthorized: true,
  });
  expect(await tls(`sslmode=require&sslrootcert=${ca}&sslcert=${cert}&sslkey=${key}`)).toMatchObject({
    ca: Buffer.from('ca'),
    cert: Buffer.from('cert'),
    key: Buffer.from('key'),
    rejectUnauthorized: true,
    checkServerIdentity: expect.any(Function),
  });
});

test.each([
  ['S', true],
  ['N', false],
])('without a mode it asks the server, and goes by its %s', async (answer, encrypted) => {
  const port = await freePort();
  const server = createServer((socket) =>
    socket.on('error', () => undefined).once('data', () => socket.end(answer)),
  );
  await once(server.listen(port, '127.0.0.1'), 'listening');
  onCleanup(() => void server.close());
  const { pool } = await read(`postgresql://u:p@127.0.0.1:${port}/d`);
  expect(pool.ssl !== false).toBe(encrypted);
});

test('fails where the server closes without a word', async () => {
  const port = await freePort();
  const server = createServer((socket) => socket.on('error', () => undefined).end());
  await once(server.listen(port, '127.0.0.1'), 'listening');
  onCleanup(() => void server.close());
  await expect(read(`postgresql://u:p@127.0.0.1:${port}/d`)).rejects.toThrow(/closed|ECONNRESET|EPIPE/);
});

test.each(['', 'mysql://u:hush@h/d', 'u:hush@h'])(
  'says what is wrong with "%s" without repeating it',
  async (url) => {
    const error: unknown = await read(url).catch((reason: unknown) => reason);
    expect(String(error)).toContain('not a postgresql:// URL');
    expect(String(error)).not.toContain('hush');
  },
);

function read(url: string) {
  return readConnection(url, 5_000);
}
