import { beforeAll, describe, expect, test } from 'vitest';
import { type BundleProcess, startBundle } from '../helpers/bundle.ts';
import { createDatabase, type Database } from '../helpers/database.ts';
import { type Standalone, USERS_MIGRATION } from '../helpers/standalone.ts';
import { createFaultyApp } from './helpers/faulty-app.ts';
import { generateHistory, type History } from './helpers/history.ts';
import { printSeedOnFailure, Random } from './helpers/random.ts';
import { report } from './helpers/results.ts';
import { expectedRecords, referenceStates, takeSnapshot } from './helpers/snapshot.ts';

const REPLICAS = 25;
const SEED_ROWS = 3;
const POINTS = [
  'connect:after:1',
  'survey:after:1',
  'lock:busy:1',
  'lock:busy:2',
  'lock:taken:1',
  'lock:taken:2',
  'engine:start:1',
  'engine:answered:2',
  'script:send:1',
  'script:sent:4',
  'script:done:7',
  'engine:done:1',
  'seed:before:1',
  'seed:after:1',
  'lock:release:1',
  'server:before:1',
];
const random = new Random('stampede');

let app: Standalone;
let history: History;
let expected: string;

beforeAll(async () => {
  history = generateHistory(random, { length: 9 });
  history.names.unshift('0_users');
  history.migrations['0_users'] = USERS_MIGRATION;
  app = await createFaultyApp({ migrations: history.migrations, seed: 'works' });
  expected = (await referenceStates(history)).at(-1) ?? '';
});

describe(`${REPLICAS} replicas at once on one empty database`, () => {
  test.each(Array.from({ length: 10 }, (_, index) => index + 1))(
    'migrate and seed once, and all serve: round %i',
    async () => {
      const database = await createDatabase();
      const replicas = await startReplicas(database);
      await Promise.all(replicas.map((replica) => replica.waitForServer()));
      expect(replicas.filter(hasMigrated)).toHaveLength(1);
      expect(replicas.filter(hasSeeded)).toHaveLength(1);
      await endAll(replicas);
      await checkDatabase(database);
      report('stampede', `${REPLICAS} replicas at once`, { tried: REPLICAS, manual: 0 });
    },
  );

  test.each(Array.from({ length: 10 }, (_, index) => index + 1))(
    'go on when every third may be killed, at work or in the queue: round %i',
    async (round) => {
      printSeedOnFailure();
      const chance = random.fork(`round ${round}`);
      const database = await createDatabase();
      const faults = Array.from({ length: REPLICAS }, (_, index) =>
        index % 3 === 0 ? `kill:${chance.pick(POINTS)}` : undefined,
      );
      const replicas = await startReplicas(database, chance.shuffle(faults));
      const served = await Promise.all(replicas.map(servesUnlessKilled));
      const others = replicas.filter((_, index) => served[index]);
      expect(others.length).toBeGreaterThanOrEqual(faults.filter((fault) => fault === undefined).length);
      await endAll(others);
      await checkDatabase(database);
      report('stampede', `${REPLICAS} replicas at once, every third may be killed`, {
        tried: REPLICAS,
        manual: 0,
      });
    },
  );
});

function startReplicas({ url }: Database, faults: (string | undefined)[] = []): Promise<BundleProcess[]> {
  const env = { DATABASE_URL: url, FIXTURE_SEED_ROWS: String(SEED_ROWS), ENTRYPOINT_DB_TIMEOUT: '5m' };
  return Promise.all(
    Array.from({ length: REPLICAS }, (_, index) =>
      startBundle({ dir: app.dir, env: { ...env, ZARPE_FAULT: faults[index] } }),
    ),
  );
}

async function servesUnlessKilled(replica: BundleProcess): Promise<boolean> {
  const serves = await replica.waitForServer().then(
    () => true,
    () => false,
  );
  if (!serves) expect((await replica.exit).signal, replica.describe()).toBe('SIGKILL');
  return serves;
}

const hasMigrated = ({ logs }: BundleProcess) =>
  logs.some(({ step, event }) => step === 'migrate' && event === 'applied');
const hasSeeded = ({ logs }: BundleProcess) =>
  logs.some(({ step, event }) => step === 'seed' && event === 'done');

async function endAll(replicas: readonly BundleProcess[]): Promise<void> {
  for (const replica of replicas) replica.kill('SIGTERM');
  for (const replica of replicas) {
    expect((await replica.exit).code, replica.describe()).toBe(143);
  }
}

async function checkDatabase(database: Database): Promise<void> {
  expect(await database.migrations()).toEqual(expectedRecords(history));
  const users = await database.query<{ n: string }>('SELECT count(*) AS n FROM users');
  expect(users).toEqual([{ n: String(SEED_ROWS) }]);
  await database.query('DELETE FROM users');
  expect(await takeSnapshot(database)).toBe(expected);
}
