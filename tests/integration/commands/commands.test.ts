import { createServer } from 'node:http';
import { describe, expect, test } from 'vitest';
import { VARIABLE_NAMES } from '../../../entrypoint/config/variables.ts';
import { ERROR_CODES, EXIT_STATUS } from '../../../entrypoint/core/errors.ts';
import { runBundle } from '../../helpers/bundle.ts';
import { createDatabase, createRole, type Role } from '../../helpers/database.ts';
import { createStandalone } from '../../helpers/standalone.ts';

describe('status', () => {
  test('lists applied, pending, edited, failed and missing migrations, and exits with 0 only if there is nothing to do', async () => {
    const app = await createStandalone();
    const database = await createDatabase();
    const env = { DATABASE_URL: database.url, ENTRYPOINT_MIGRATE_RETRY_FAILED: 'off' };
    const status = async () => {
      const { code, stdout } = await runBundle({ dir: app.dir, args: ['status', '--json'], env });
      return { code, ...JSON.parse(stdout) };
    };
    const name = '20260101000000_create_users';
    expect(await status()).toEqual({
      code: 65,
      applied: [],
      pending: [name],
      interrupted: [],
      failed: [],
      edited: [],
      missing: [],
      scratchDatabases: [],
    });
    expect(await database.migrations()).toEqual([]);
    await runBundle({ dir: app.dir, args: ['migrate'], env });
    expect(await status()).toEqual({
      code: 0,
      applied: [name],
      pending: [],
      interrupted: [],
      failed: [],
      edited: [],
      missing: [],
      scratchDatabases: [],
    });
    await app.addMigration(name, 'SELECT 1');
    await app.addMigration('2', 'SELECT 1 / 0');
    await runBundle({ dir: app.dir, args: ['migrate'], env });
    expect(await status()).toMatchObject({ code: 65, applied: [name], failed: ['2'], edited: [name] });
    await app.remove(`prisma/migrations/${name}`);
    await app.remove('prisma/migrations/2');
    expect(await status()).toMatchObject({ code: 65, applied: [], failed: ['2'], missing: [name] });
  });
});

test('status tells of tables that no migration made, and of the way on', async () => {
  const app = await createStandalone();
  const database = await createDatabase();
  await database.query('CREATE TABLE other (id int)');
  const { code, stdout, stderr } = await runBundle({
    dir: app.dir,
    args: ['status', '--json'],
    env: { DATABASE_URL: database.url },
  });
  expect(code).toBe(65);
  expect(JSON.parse(stdout).pending).toEqual(['20260101000000_create_users']);
  expect(stderr).toContain('"code":"DATABASE_NOT_EMPTY"');
  expect(stderr).toContain('node entrypoint.js baseline 20260101000000_create_users');
  expect(await database.migrations()).toEqual([]);
});

describe('resolve', () => {
  test('wants one of its flags, and a migration that it knows', async () => {
    const { dir } = await createStandalone();
    const env = { DATABASE_URL: (await createDatabase()).url };
    for (const args of [['resolve'], ['resolve', '--applied', 'a', '--rolled-back', 'b']]) {
      expect((await runBundle({ dir, args, env })).code).toBe(64);
    }
    const unknown = await runBundle({ dir, args: ['resolve', '--applied', 'none'], env });
    expect(unknown.code).toBe(65);
    expect(unknown.logs.at(-1)?.error?.code).toBe('RESOLVE_REFUSED');
  });
});

test('check --json holds nothing that a terminal obeys', async () => {
  const { dir } = await createStandalone();
  const { stdout } = await runBundle({
    dir,
    args: ['check', '--json'],
    env: { 'ENTRYPOINT_\u009b2J\u202e': '1' },
  });
  expect(stdout).toContain('ENTRYPOINT_\\u009b2J\\u202e');
  expect(stdout).not.toMatch(/[\u009b\u202e]/);
});

describe('healthcheck', () => {
  test.each([
    ['ENTRYPOINT_HEALTH_PATH', '/a b'],
    ['ENTRYPOINT_HEALTH_PATH', '/a\r\nX: y'],
    ['HOSTNAME', 'a\tb'],
  ])('is unhealthy with the %s %j, which ends the boot with 78', async (name, value) => {
    const { dir } = await createStandalone();
    const env = { DATABASE_URL: 'postgresql://app@127.0.0.1:1/app', [name]: value };
    expect((await runBundle({ dir, args: ['healthcheck'], env })).code).toBe(1);
    const { code, logs } = await runBundle({ dir, env });
    expect(code).toBe(78);
    expect(logs[0]?.error?.problems).toMatchObject([{ what: name }]);
  });

  test('ends with 0 where the server answers well, and with 1 where it does not', async () => {
    const { dir } = await createStandalone();
    let answer = 200;
    const asked: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url);
      response.writeHead(answer).end();
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const env = { PORT: typeof address === 'object' && address !== null ? String(address.port) : '' };
    expect((await runBundle({ dir, args: ['healthcheck'], env })).code).toBe(0);
    answer = 503;
    expect(await runBundle({ dir, args: ['healthcheck'], env })).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('503'),
    });
    server.close();
    expect((await runBundle({ dir, args: ['healthcheck'], env })).code).toBe(1);
    expect(asked).toEqual(['/api/health', '/api/health']);
  });

  test('asks where the basePath and trailingSlash of the build have the route, and names its variable where nothing is there', async () => {
    const createApp = (config: object) =>
      createStandalone({ files: { '.next/required-server-files.json': JSON.stringify({ config }) } });
    const { dir } = await createApp({ basePath: '/shop' });
    const withSlash = await createApp({ basePath: '/shop', trailingSlash: true });
    const healthy = ['/shop/api/health', '/up', '/shop/api/health/'];
    const server = createServer((request, response) =>
      response
        .writeHead(healthy.includes(request.url ?? '') ? 200 : request.url === '/moved' ? 308 : 404)
        .end(),
    ).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const env = { PORT: typeof address === 'object' && address !== null ? String(address.port) : '' };
    const ask = (path?: string) =>
      runBundle({ dir, args: ['healthcheck'], env: { ...env, ENTRYPOINT_HEALTH_PATH: path } });
    expect(await ask()).toMatchObject({ code: 0, stdout: expect.stringContaining('/shop/api/health') });
    expect((await ask('/up')).code).toBe(0);
    expect(await runBundle({ dir: withSlash.dir, args: ['healthcheck'], env })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('/shop/api/health/ '),
    });
    for (const [path, status] of [
      ['/nowhere', 404],
      ['/moved', 308],
    ] as const) {
      expect(await ask(path)).toMatchObject({
        code: 1,
        stdout: expect.stringMatching(new RegExp(`answered ${status}\\. .*ENTRYPOINT_HEALTH_PATH`)),
      });
    }
    server.close();
  });
});

describe('on a database that does not exist yet', () => {
  test('wait creates it, as start does, and ends with 77 where the role may not', async () => {
    const { dir } = await createStandalone();
    const database = await createDatabase({ create: false });
    const wait = (role: Role) =>
      runBundle({ dir, args: ['wait'], env: { DATABASE_URL: database.urlFor(role) } });
    const refused = await wait(await createRole());
    expect(refused).toMatchObject({ code: 77 });
    expect(refused.logs.at(-1)?.error?.code).toBe('DATABASE_MISSING');
    expect((await wait(await createRole({ createdb: true }))).code).toBe(0);
    expect(await database.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test.each([['status'], ['seed'], ['resolve', '--applied', '20260101000000_create_users']])(
    '%s says what creates it, and does not',
    async (...args) => {
      const { dir } = await createStandalone({ seed: 'works' });
      const database = await createDatabase({ create: false });
      const { code, lines } = await runBundle({ dir, args, env: { DATABASE_URL: database.url } });
      expect(code).toBe(77);
      expect(lines.join('\n')).toContain('run `node entrypoint.js migrate`, which creates it');
      expect(await database.admin(`SELECT 1 FROM pg_database WHERE datname = '${database.name}'`)).toEqual(
        [],
      );
    },
  );
});

describe('explain', () => {
  test('is the tables of the code, and needs no environment', async () => {
    const { dir } = await createStandalone();
    const { code, stdout } = await runBundle({ dir, args: ['explain', '--json'] });
    const explained = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(explained.exitCodes.map(({ status }: { status: number }) => status)).toEqual(
      Object.values(EXIT_STATUS).map(({ status }) => status),
    );
    expect(explained.errorCodes.map((entry: { code: string }) => entry.code)).toEqual(
      Object.keys(ERROR_CODES),
    );
    expect(explained.variables.map(({ name }: { name: string }) => name)).toEqual(VARIABLE_NAMES);
    const text = await runBundle({ dir, args: ['explain'] });
    for (const name of VARIABLE_NAMES) expect(text.stdout).toContain(name);
  });
});

test('--version and --help say so everywhere, whatever the environment', async () => {
  const { dir } = await createStandalone();
  const env = { DATABASE_URL: 'mysql://wrong' };
  expect(await runBundle({ dir, args: ['--version'], env })).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
  });
  expect(await runBundle({ dir, args: ['resolve', '--help'], env })).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('--rolled-back NAME'),
  });
});

test('`help` prints what --help prints, on a terminal of 80 columns', async () => {
  const { dir } = await createStandalone();
  for (const [command, flag] of [
    [['help'], ['--help']],
    [
      ['help', 'resolve'],
      ['resolve', '--help'],
    ],
    [
      ['help', 'start'],
      ['start', '-h'],
    ],
  ] as const) {
    const [help, same] = await Promise.all(
      [command, flag].map((args) => runBundle({ dir, args: [...args] })),
    );
    expect(help).toMatchObject({ code: 0, stderr: '', stdout: same?.stdout });
    expect(help?.stdout).toMatch(/^Usage: node entrypoint\.js /);
    expect(help?.stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  }
});
