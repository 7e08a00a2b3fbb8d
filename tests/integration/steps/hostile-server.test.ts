import { beforeAll, describe, expect, test } from 'vitest';
import { runBundle } from '../../helpers/bundle.ts';
import { createSelfSigned } from '../../helpers/certificates.ts';
import { createDatabase, createRole, type Database, formatUrl } from '../../helpers/database.ts';
import { type Answer, authentication, fakeServer, HEALTHY, message } from '../../helpers/fake-server.ts';
import { type PostgresServer, startServer } from '../../helpers/postgres.ts';
import { createSecret } from '../../helpers/secrets.ts';
import { createStandalone, type Standalone } from '../../helpers/standalone.ts';

let app: Standalone;
beforeAll(async () => {
  app = await createStandalone();
});

/** What is told at once needs no patience; what is tried again until the deadline gets little of it. */
const AT_ONCE = '60s';
const TRIED_AGAIN = '300ms';

async function wait(url: string, timeout: string) {
  const env = { DATABASE_URL: url, ENTRYPOINT_DB_TIMEOUT: timeout };
  const { code, logs } = await runBundle({ dir: app.dir, args: ['wait'], env });
  return { code, error: JSON.stringify(logs.at(-1)?.error ?? null) };
}

async function meet(answers: readonly Answer[], timeout: string, parameters = '') {
  const password = createSecret('the password of a role');
  const server = await fakeServer(answers);
  const url = `postgresql://app:${encodeURIComponent(password)}@127.0.0.1:${server.port}/app?${parameters}`;
  const end = await wait(url, timeout);
  return { ...end, heardPassword: server.heard().includes(password) };
}

const SASL_OAUTH = authentication(10, 'OAUTHBEARER\0\0');
const SCRAM = authentication(10, 'SCRAM-SHA-256\0\0');

describe('a server that lets nobody in whom we could be', () => {
  test.each([
    ['Kerberos V5', authentication(2)],
    ['SCM', authentication(6)],
    ['GSSAPI', authentication(7)],
    ['SSPI', authentication(9)],
    ['OAUTHBEARER', SASL_OAUTH],
  ])('and asks for %s ends the boot with 77', async (name, request) => {
    const { code, error } = await meet(['N', request], AT_ONCE);
    expect(code, error).toBe(77);
    expect(error).toContain('DATABASE_ACCESS_REFUSED');
    expect(error).toContain(name);
  });
});

test('a server that lets us in and announces four gigabytes is refused, and not waited for', async () => {
  const letIn = [authentication(0), message('S', 'server_version\0', '17.0\0'), message('Z', 'I')];
  const announced = Buffer.from([0x44, 0xff, 0xff, 0xff, 0xf0]);
  const { code, error } = await meet(['N', Buffer.concat(letIn), announced], TRIED_AGAIN);
  expect(code, error).toBe(69);
  expect(error).toContain('an answer that is too long');
});

describe('a password', () => {
  test.each([
    ['', ['N', authentication(3)]],
    ['require_auth=!md5', ['N', authentication(3)]],
    ['sslmode=disable', [authentication(3)]],
  ])('is not sent in the clear over a connection without TLS (%s): exit 77', async (parameters, answers) => {
    const { code, error, heardPassword } = await meet(answers, AT_ONCE, parameters);
    expect({ code, heardPassword }, error).toEqual({ code: 77, heardPassword: false });
    expect(error).toMatch(/require_auth/);
  });
});

describe('a server that asks for the password after the login gets nothing, and is refused: exit 69', () => {
  test.each([
    ['in the clear', authentication(3), ''],
    ['in the clear, where that is allowed', authentication(3), 'require_auth=!md5,!scram-sha-256'],
    ['by MD5', authentication(5, 'salt'), ''],
    ['by SCRAM', SCRAM, ''],
  ])('%s', async (_, request, parameters) => {
    const letIn = Buffer.concat([...(HEALTHY[1] ?? [])]);
    const server = await fakeServer(['N', letIn, request]);
    const password = createSecret('the password of a role');
    const url = `postgresql://app:${encodeURIComponent(password)}@127.0.0.1:${server.port}/app?${parameters}`;
    const { code, error } = await wait(url, TRIED_AGAIN);
    expect(code, error).toBe(69);
    expect(error).toContain('an authentication request after the login');
    expect(server.heard().includes(password)).toBe(false);
    expect(server.heard().toString('latin1')).not.toMatch(/p\0\0\0.(?:md5|SCRAM)/s);
  });
});

describe('what a server says before it lets us in', () => {
  const announcing = (type: string, length: number) => {
    const header = Buffer.alloc(5);
    header.write(type);
    header.writeUInt32BE(length, 1);
    return header;
  };
  const MEGABYTE = Buffer.alloc(2 ** 20, 'x');

  test.each<[string, Answer[]]>([
    ['a message of 2 GB', ['N', Buffer.concat([announcing('E', 0x7fffffff), MEGABYTE])]],
    ['a message of 4 GB', ['N', Buffer.concat([announcing('R', 0xffffffff), MEGABYTE])]],
    ['a message shorter than its own header', ['N', announcing('R', 3)]],
    ['an HTTP response', ['N', 'HTTP/1.1 400 Bad Request\r\n\r\n']],
    ['an HTTP response at once', ['HTTP/1.1 400 Bad Request\r\n\r\n']],
    ['a row of a table', ['N', message('D', Buffer.from([0, 0]))]],
    ['an authentication that nobody knows', ['N', authentication(77)]],
    ['the middle of SCRAM without its beginning', ['N', authentication(11, 'r=x,s=eA==,i=1')]],
    ['the end of SCRAM without its beginning', ['N', authentication(12, 'v=eA==')]],
    ['that we are in, in the middle of SCRAM', ['N', SCRAM, Buffer.concat([...(HEALTHY[1] ?? [])])]],
    ['a salt for MD5 that is too short', ['N', authentication(5, 'ab')]],
    ['two requests', ['N', Buffer.concat([SCRAM, authentication(3)])]],
    ['an error that breaks off', ['N', message('E', 'SFATAL')]],
    ['that it is ready, before we are in', ['N', message('Z', 'I')]],
  ])('is refused where it is %s: exit 69', async (_, answers) => {
    const { code, error } = await meet(answers, TRIED_AGAIN);
    expect(code, error).toBe(69);
    expect(error).toContain('DATABASE_UNAVAILABLE');
  });
});

describe('a real server', () => {
  let server: PostgresServer;
  let database: Database;
  const methods = ['password', 'md5', 'scram-sha-256', 'trust'] as const;
  const urls = new Map<string, (parameters: Record<string, string>) => string>();

  beforeAll(async () => {
    server = await startServer();
    await server.useTls(await createSelfSigned({ names: ['127.0.0.1'] }));
    database = await createDatabase({ server });
    for (const method of methods) {
      const role = await createRole({ server, superuser: true });
      urls.set(method, (parameters) => formatUrl(server, database.name, role, parameters));
      await server.allow([`host all ${role.name} all ${method}`]);
    }
    await server.reload();
  });

  const end = async (method: string, parameters: Record<string, string>) => {
    const { code, error } = await wait(urls.get(method)?.(parameters) ?? '', AT_ONCE);
    return code === 0 ? 'in' : `${code} ${/DATABASE_[A-Z_]+/.exec(error)?.[0]}`;
  };

  test.each([
    ['password', { sslmode: 'disable' }, '77 DATABASE_TLS'],
    ['password', { sslmode: 'disable', require_auth: 'password' }, 'in'],
    ['password', { sslmode: 'require' }, 'in'],
    ['password', { sslmode: 'require', require_auth: 'scram-sha-256' }, '77 DATABASE_ACCESS_REFUSED'],
    ['password', { sslmode: 'require', require_auth: '!password' }, '77 DATABASE_ACCESS_REFUSED'],
    ['scram-sha-256', { sslmode: 'disable', require_auth: 'scram-sha-256' }, 'in'],
    ['scram-sha-256', { sslmode: 'require', require_auth: '!password,!md5' }, 'in'],
    ['scram-sha-256', { sslmode: 'require', require_auth: 'md5' }, '77 DATABASE_ACCESS_REFUSED'],
    ['trust', { sslmode: 'require', require_auth: 'scram-sha-256' }, '77 DATABASE_ACCESS_REFUSED'],
    ['trust', { sslmode: 'disable', require_auth: 'none' }, 'in'],
    ['scram-sha-256', { sslmode: 'require', channel_binding: 'require' }, 'in'],
    ['scram-sha-256', { channel_binding: 'require' }, 'in'],
    ['password', { sslmode: 'require', channel_binding: 'require' }, '77 DATABASE_TLS'],
    ['trust', { sslmode: 'require', channel_binding: 'require' }, '77 DATABASE_TLS'],
  ])('that asks for %s meets %j: %s', async (method, parameters, expected) => {
    expect(await end(method, parameters)).toBe(expected);
  });
});
