import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { type Container, startContainer } from './helpers/container.ts';
import './helpers/context.ts';
import { ask } from './helpers/http.ts';
import { deriveImage } from './helpers/images.ts';
import { createNetwork } from './helpers/networks.ts';
import { type Database, type PostgresContainer, startPostgres } from './helpers/postgres.ts';

let network: string;
let postgres: PostgresContainer;

beforeAll(async () => {
  network = await createNetwork();
  postgres = await startPostgres(network);
});

/** Like the built image's, with the server of a fixture. */
function boot(image: string, database: Database, env: Record<string, string> = {}): Promise<Container> {
  const options = ['--publish', '127.0.0.1::3000'];
  return startContainer({ image, network, env: { DATABASE_URL: database.url, ...env }, options });
}

describe('docker stop', () => {
  test('reaches the server, which answers the request it has taken, and the container ends with 143', async () => {
    const image = await deriveImage({ server: 'in-flight' });
    const app = await boot(image, await postgres.createDatabase());
    await app.waitForServer();
    const answer = ask(`${await app.url()}/slow`);
    await app.waitForLog({ fixture: 'in-flight', event: 'asked' });
    await app.stop();
    expect(await answer).toMatchObject({ status: 200, body: 'answered\n' });
    expect(await app.exit).toBe(143);
    expect(await app.inspect('{{.State.ExitCode}}')).toBe('143');
  });

  test("ends Next's own server with 143, within the grace", async () => {
    const app = await boot(inject('image'), await postgres.createDatabase());
    await app.waitUntilHealthy();
    await app.stop();
    expect(await app.inspect('{{.State.ExitCode}}')).toBe('143');
  });

  test('ends a container that waits for its database with 143', async () => {
    const app = await startContainer({
      image: inject('image'),
      network,
      env: { DATABASE_URL: 'postgresql://nobody:nothing@nowhere.invalid/none' },
    });
    await app.waitForLog({ step: 'database', event: 'retry' });
    await app.stop();
    expect(await app.exit).toBe(143);
  });

  test('ends a container that seeds with 143, and the next one seeds', async () => {
    const database = await postgres.createDatabase();
    const hanging = await deriveImage({
      server: 'polite',
      files: { 'seed.js': "console.log('hanging'); setInterval(() => undefined, 60_000);\n" },
    });
    const app = await boot(hanging, database);
    await app.waitForLog({ step: 'seed', event: 'output', msg: 'hanging' });
    await app.stop();
    expect(await app.exit).toBe(143);
    expect(await database.query('SELECT count(*) FROM users')).toBe('0');
    const next = await boot(await deriveImage({ server: 'polite' }), database);
    await next.waitForServer();
    expect(await database.query('SELECT count(*) FROM users')).toBe('1');
  });
});

describe('a migration that takes long', () => {
  /** Sleeps until the database's setting says otherwise, so that the same image can finish it later. */
  const SLOW = `
    CREATE TABLE first_half (id int);
    SELECT pg_sleep(CASE WHEN current_setting('zarpe.fast', true) = 'on' THEN 0 ELSE 600 END);
    CREATE TABLE second_half (id int);
  `;
  const NEXT = 'CREATE TABLE third (id int);';
  const TABLES = `SELECT count(*) FROM pg_tables WHERE tablename IN ('first_half', 'second_half', 'third')`;
  let image: string;

  beforeAll(async () => {
    image = await deriveImage({
      server: 'polite',
      migrations: { '2099_01_slow': SLOW, '2099_02_next': NEXT },
    });
  });

  async function bootIntoMigration(database: Database): Promise<Container> {
    const app = await boot(image, database);
    const sleeping = `SELECT count(*) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND wait_event = 'PgSleep'`;
    while ((await database.query(sleeping)) === '0') await pause(50);
    return app;
  }

  async function finish(database: Database): Promise<void> {
    await database.query(`ALTER DATABASE ${database.name} SET zarpe.fast = 'on'`);
    const next = await boot(image, database, { ENTRYPOINT_LOCK_TIMEOUT: '60s' });
    await next.waitForServer();
    expect((await database.migrations()).slice(-2)).toEqual(['2099_01_slow', '2099_02_next']);
    expect(await database.query(TABLES)).toBe('3');
  }

  test('is rolled back whole by docker stop, nothing follows it, and the next start goes on', async () => {
    const database = await postgres.createDatabase();
    const app = await bootIntoMigration(database);
    await app.stop();
    expect(await app.exit).toBe(143);
    expect(await database.query(TABLES)).toBe('0');
    await finish(database);
  });

  test('is rolled back whole by docker kill, and the next start goes on', async () => {
    const database = await postgres.createDatabase();
    const app = await bootIntoMigration(database);
    await app.kill('KILL');
    expect(await app.exit).toBe(137);
    expect(await database.query(TABLES)).toBe('0');
    await finish(database);
  });
});

describe('docker kill', () => {
  test.each([
    ['TERM', 143],
    ['INT', 130],
    ['KILL', 137],
  ])('--signal %s ends the container with %i', async (signal, code) => {
    const app = await boot(await deriveImage({ server: 'polite' }), await postgres.createDatabase());
    await app.waitForServer();
    await app.kill(signal);
    expect(await app.exit).toBe(code);
    expect(await app.inspect('{{.State.ExitCode}}')).toBe(String(code));
  });

  test('--signal HUP, QUIT, USR2, CONT and WINCH reach the server, as often as they are sent', async () => {
    const app = await boot(await deriveImage({ server: 'recorder' }), await postgres.createDatabase());
    await app.waitForServer();
    for (const signal of ['SIGHUP', 'SIGQUIT', 'SIGUSR2', 'SIGCONT', 'SIGWINCH', 'SIGHUP']) {
      const before = count(app, signal);
      await app.kill(signal);
      await app.waitForLog(
        (log) => log.event === 'signal' && log.signal === signal && count(app, signal) > before,
      );
    }
    expect(await app.inspect('{{.State.Running}}')).toBe('true');
  });
});

function count(app: Container, signal: string): number {
  return app.logs.filter((log) => log.event === 'signal' && log.signal === signal).length;
}
