import { beforeAll, describe, expect, inject, test } from 'vitest';
import { startContainer } from './helpers/container.ts';
import './helpers/context.ts';
import { ask } from './helpers/http.ts';
import { createNetwork } from './helpers/networks.ts';
import { type PostgresContainer, startPostgres } from './helpers/postgres.ts';

let network: string;
let postgres: PostgresContainer;

beforeAll(async () => {
  network = await createNetwork();
  postgres = await startPostgres(network);
});

const LOCKED = ['--read-only', '--tmpfs', '/tmp', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'];

describe.each(['image', 'distroless'] as const)('the %s, read-only and without a capability', (name) => {
  test.each([
    ['its own user', []],
    ['an arbitrary user, as OpenShift gives it', ['--user', '1000740000:0']],
    ['an arbitrary user and group', ['--user', '54321:54321']],
  ])('migrates, seeds, serves and is healthy as %s', async (_who, user) => {
    const database = await postgres.createDatabase();
    const app = await startContainer({
      image: inject(name),
      network,
      env: { DATABASE_URL: database.url },
      options: [...LOCKED, ...user, '--publish', '127.0.0.1::3000'],
    });
    await app.waitUntilHealthy();
    expect(await database.query('SELECT count(*) FROM users')).toBe('1');
    expect((await database.migrations()).length).toBeGreaterThanOrEqual(3);
    expect((await ask(await app.url())).status).toBe(200);
    expect(JSON.parse((await ask(`${await app.url()}/api/health`)).body)).toMatchObject({
      status: 'healthy',
    });
    const status = await app.exec(['node', '-p', "require('fs').readFileSync('/proc/1/status', 'utf8')"]);
    expect(status).toMatch(/CapEff:\t0{16}/);
    expect(status).toMatch(/NoNewPrivs:\t1/);
    expect(
      app.lines.filter((line) => /EROFS|EACCES|EPERM/.test(line) && !line.includes('.next/cache')),
    ).toEqual([]);
    await app.stop();
    expect(await app.exit).toBe(143);
  });
});

test('the check command finds nothing wrong in the image as it is', async () => {
  const { url } = await postgres.createDatabase();
  const check = await startContainer({
    image: inject('distroless'),
    network,
    env: { DATABASE_URL: url },
    options: LOCKED,
    command: ['node', 'entrypoint.js', 'check'],
  });
  expect(await check.exit, check.describe()).toBe(0);
});
