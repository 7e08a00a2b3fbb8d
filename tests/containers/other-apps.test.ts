import { join } from 'node:path';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { onCleanup } from '../helpers/cleanup.ts';
import type { AnyProblem } from '../helpers/problems.ts';
import { runContainer, startContainer } from './helpers/container.ts';
import './helpers/context.ts';
import { docker } from './helpers/docker.ts';
import { createName, runLabel } from './helpers/names.ts';
import { createNetwork } from './helpers/networks.ts';
import { type PostgresContainer, startPostgres } from './helpers/postgres.ts';

const APPS = join(import.meta.dirname, 'fixtures/apps');
type Env = Record<string, string>;

let image: string;
let network: string;
let postgres: PostgresContainer;

beforeAll(async () => {
  image = `${createName('apps')}:test`;
  const from = ['--build-arg', `ZARPE=${inject('image')}`];
  const built = docker(['build', '--quiet', '--label', runLabel(), '--tag', image, ...from, APPS]);
  network = await createNetwork();
  postgres = await startPostgres(network);
  await built;
  onCleanup(async () => {
    await docker(['rmi', '--force', image]);
  });
});

const containerOf = (app: string, env: Env, args: string[] = []) => ({
  image,
  network,
  env,
  command: ['node', `/apps/${app}/entrypoint.js`, ...args],
});

/** Boots an app until its server answers, asks its own health check, and ends it in order. */
async function boot(app: string, env: Env, { listens = true } = {}) {
  const container = await startContainer(containerOf(app, env));
  await container.waitForLog({ step: 'server', event: listens ? 'ready' : 'running' });
  await container.exec(['node', `/apps/${app}/entrypoint.js`, 'healthcheck']);
  return container;
}

/** The exit code and the problems of a boot that fails. */
async function fail(app: string, env: Env, args: string[] = []) {
  const { code, output } = await runContainer(containerOf(app, env, args));
  const failed = output.logs.find(({ event }) => event === 'failed');
  return { code, problems: (failed?.error?.problems ?? []) as AnyProblem[] };
}

describe('a custom server', () => {
  test('runs after the migrations, and its own health path answers', async () => {
    const database = await postgres.createDatabase();
    const app = await boot('custom', { DATABASE_URL: database.url });
    expect(await database.migrations()).toEqual(['20260101000000_orders']);
    await app.stop();
    expect(await app.exit).toBe(0);
  });

  test('whose file is not in the image ends with 66 before the database is touched', async () => {
    const env = {
      DATABASE_URL: 'postgresql://x@nowhere.invalid/x',
      ENTRYPOINT_SERVER_COMMAND: 'node src/sever.js',
    };
    const { code, problems } = await fail('custom', env);
    expect(code).toBe(66);
    expect(problems).toMatchObject([
      { got: '`node src/sever.js`: there is no file src/sever.js in /apps/custom' },
    ]);
  });
});

describe('a worker', () => {
  test('runs without a port, and finishes its job when it is stopped', async () => {
    const database = await postgres.createDatabase();
    const app = await boot('worker', { DATABASE_URL: database.url }, { listens: false });
    await app.waitForLine(/taking jobs/);
    await app.stop();
    expect(await app.exit).toBe(0);
    expect(app.lines).toContain('the job is finished');
  });

  test('with a probe that it could never answer ends with 78', async () => {
    const { code, problems } = await fail('worker', {
      DATABASE_URL: 'postgresql://x@db/x',
      ENTRYPOINT_BOOT_PROBE: 'on',
    });
    expect(code).toBe(78);
    expect(JSON.stringify(problems)).toContain('ENTRYPOINT_BOOT_PROBE');
  });
});

describe('a viewer without a database', () => {
  test('starts without a connection string', async () => {
    const app = await boot('viewer', {});
    await app.stop();
    expect(await app.exit).toBe(0);
  });

  test('whose setting is gone ends with 78, and names the variable', async () => {
    const { code, problems } = await fail('viewer', { ENTRYPOINT_DATABASE: 'required' });
    expect(code).toBe(78);
    expect(problems).toMatchObject([{ what: 'DATABASE_URL', got: 'nothing' }]);
  });
});

describe('hooks', () => {
  test('check the environment, move data and write a file that the server serves', async () => {
    const database = await postgres.createDatabase();
    const app = await boot('hooks', { DATABASE_URL: database.url, LICENSE_KEY: 'none' });
    expect(app.logs.filter(({ event }) => event === 'output').map(({ msg }) => msg)).toEqual([
      'migrating the data of 20260101000000_pages',
    ]);
    expect(app.logs).toContainEqual(expect.objectContaining({ step: 'hook', event: 'absent' }));
    const robots = await app.exec(['cat', '/apps/hooks/public/robots.txt']);
    expect(robots).toBe('Sitemap: http://localhost:3000/auth');
    await app.stop();
    expect(await app.exit).toBe(0);
  });

  test('of which one fails end the boot with 76, and show what it said', async () => {
    const database = await postgres.createDatabase();
    const { code, problems } = await fail('hooks', { DATABASE_URL: database.url });
    expect(code).toBe(76);
    expect(problems).toMatchObject([{ details: ['LICENSE_KEY is missing'] }]);
  });
});

describe('other names of the connection strings', () => {
  test('are read, and the direct one migrates', async () => {
    const database = await postgres.createDatabase();
    const env = { POSTGRES_PRISMA_URL: database.url, POSTGRES_URL_NON_POOLING: database.url };
    await (await boot('names', env)).stop();
    expect(await database.migrations()).toEqual(['20260101000000_posts']);
  });

  test('that the schema reads and no setting names are what the message suggests', async () => {
    const url = 'postgresql://x:hidden-from-the-log@db/x';
    const env = { POSTGRES_PRISMA_URL: url, ENTRYPOINT_DATABASE_URL_FROM: 'DATABASE_URL' };
    const { code, problems } = await fail('names', env);
    expect(code).toBe(78);
    expect(problems[0]?.hint).toContain('ENTRYPOINT_DATABASE_URL_FROM=POSTGRES_PRISMA_URL');
    expect(JSON.stringify(problems)).not.toContain('hidden-from-the-log');
  });
});

describe('a monorepo with two databases', () => {
  test('migrates both from their own folders, and serves from the folder of the app', async () => {
    const [first, second] = [await postgres.createDatabase(), await postgres.createDatabase()];
    const app = await boot('monorepo', { DATABASE_URL: first.url, ANALYTICS_URL: second.url });
    expect(await first.migrations()).toEqual(['20260101000000_users']);
    expect(await second.migrations()).toEqual(['20260101000000_events']);
    await app.stop();
  });

  test('that names the wrong folder ends with 66, and says where the migrations are', async () => {
    const env = { DATABASE_URL: 'postgresql://x@db/x', ANALYTICS_URL: 'postgresql://x@db/y' };
    const { code, problems } = await fail('monorepo', {
      ...env,
      ENTRYPOINT_MIGRATIONS_DIR: 'packages/db/migrations',
    });
    expect(code).toBe(66);
    expect(problems).toMatchObject([{ what: 'packages/db/migrations', got: 'no such folder' }]);
    expect(problems[0]?.hint).toMatch(/There is one at packages\/\S+: set ENTRYPOINT_MIGRATIONS_DIR=/);
  });
});

describe('an app without migrations', () => {
  test('gets the schema pushed; a later one that would lose data is refused with 65', async () => {
    const database = await postgres.createDatabase();
    const env = { DATABASE_URL: database.url };
    await (await boot('push', env)).stop();
    await database.query("INSERT INTO notes (name) VALUES ('kept')");
    const { code, problems } = await fail('push', { ...env, ENTRYPOINT_PRISMA_DIR: 'later' });
    expect(code).toBe(65);
    expect(JSON.stringify(problems)).toContain('notes');
    expect(await database.query('SELECT name FROM notes')).toBe('kept');
  });

  test('whose setting is gone ends with 66, and the message names what an app without migrations sets', async () => {
    const { code, problems } = await fail('push', {
      DATABASE_URL: 'postgresql://x@db/x',
      ENTRYPOINT_MIGRATE: 'deploy',
    });
    expect(code).toBe(66);
    expect(problems).toMatchObject([{ what: 'prisma/migrations' }]);
    expect(problems[0]?.hint).toContain('ENTRYPOINT_MIGRATE=push');
  });
});
