import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Authority, createAuthority, createSelfSigned } from '../../helpers/certificates.ts';
import { createDatabase, type Database } from '../../helpers/database.ts';
import { type PostgresServer, startServer } from '../../helpers/postgres.ts';

let server: PostgresServer;
let database: Database;
let authority: Authority;

beforeAll(async () => {
  [server, authority] = await Promise.all([startServer(), createAuthority()]);
  database = await createDatabase({ server });
});

/** Connects with the certificate checked, and says what is wrong with it. */
async function connect(options: { cert?: string; key?: string } = {}): Promise<string> {
  const ca = await readFile(authority.certificate, 'utf8');
  const client = new pg.Client({
    connectionString: database.url,
    ssl: { ca, servername: 'localhost', ...options },
  });
  try {
    await client.connect();
    return 'accepted';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  } finally {
    await client.end();
  }
}

describe('certificates', () => {
  test('a server without TLS has none to show', async () => {
    expect(await connect()).toMatch(/does not support SSL/);
  });

  test('a good one is accepted', async () => {
    await server.useTls(await authority.issue({ names: ['localhost', '127.0.0.1'] }));
    expect(await connect()).toBe('accepted');
  });

  test('an expired one, one of another name and a self-signed one are refused, each for its own reason', async () => {
    await server.useTls(await authority.issue({ names: ['localhost'], expired: true }));
    expect(await connect()).toBe('CERT_HAS_EXPIRED');
    await server.useTls(await authority.issue({ names: ['db.example.org'] }));
    expect(await connect()).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    await server.useTls(await createSelfSigned({ names: ['localhost'] }));
    expect(await connect()).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
  });

  test('a client may have to show one of its own', async () => {
    const client = await authority.issue({ commonName: server.user });
    await server.allow([`hostssl ${database.name} all all cert`]);
    await server.useTls(await authority.issue({ names: ['localhost'] }));
    expect(await connect()).toBe('28000');
    const [cert, key] = await Promise.all([
      readFile(client.certificate, 'utf8'),
      readFile(client.key, 'utf8'),
    ]);
    expect(await connect({ cert, key })).toBe('accepted');
  });
});
