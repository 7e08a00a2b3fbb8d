import { describe, expect, test } from 'vitest';
import { type BundleProcess, startBundle } from '../helpers/bundle.ts';
import { createDatabase, type Database } from '../helpers/database.ts';
import { startServer } from '../helpers/postgres.ts';
import { createStandalone, type Standalone } from '../helpers/standalone.ts';
import { report } from './helpers/results.ts';

const countUsers = async (database: Database) =>
  (await database.query<{ n: number }>('SELECT count(*)::int AS n FROM users'))[0]?.n;
const hasSaid = (said: string) => (log: { msg?: string }) => log.msg?.includes(`"event":"${said}"`) === true;

/** A boot whose seed has written, and not committed. */
async function startInsideSeed(app: Standalone, database: Database): Promise<BundleProcess> {
  const boot = await startBundle({ dir: app.dir, env: { DATABASE_URL: database.url } });
  await boot.waitForLog(hasSaid('written'));
  return boot;
}

async function bootsAndSeeds(database: Database): Promise<void> {
  const app = await createStandalone({ seed: 'works' });
  const boot = await startBundle({ dir: app.dir, env: { DATABASE_URL: database.url } });
  await boot.waitForServer();
  expect(await countUsers(database)).toBe(3);
}

describe('a seed that is cut off', () => {
  test('is ended with the connection that holds the lock, so that no other replica seeds beside it', async () => {
    const app = await createStandalone({ seed: 'open' });
    const database = await createDatabase();
    const boot = await startInsideSeed(app, database);
    await database.admin(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND application_name = 'zarpe'`,
      [database.name],
    );
    expect(await boot.exit).toMatchObject({ code: 75 });
    expect(boot.logs.at(-1)).toMatchObject({ step: 'seed', error: { code: 'DATABASE_CONNECTION_LOST' } });
    expect(boot.processes()).toEqual([]);
    await bootsAndSeeds(database);
    report('seed', 'session that holds the lock ended in the middle', { tried: 1, manual: 0 });
  });

  test('is no failed seed when it is the server that went away', async () => {
    const server = await startServer();
    const app = await createStandalone({ seed: 'open' });
    const database = await createDatabase({ server });
    const boot = await startInsideSeed(app, database);
    await server.kill();
    expect(await boot.exit).toMatchObject({ code: 75 });
    await server.start();
    await bootsAndSeeds(database);
    report('seed', 'server killed in the middle', { tried: 1, manual: 0 });
  });

  test('leaves nothing when all of the container is killed, and is done at the next start', async () => {
    const app = await createStandalone({ seed: 'open' });
    const database = await createDatabase();
    const boot = await startInsideSeed(app, database);
    await boot.killAll();
    await bootsAndSeeds(database);
    report('seed', 'container killed in the middle', { tried: 1, manual: 0 });
  });
});
