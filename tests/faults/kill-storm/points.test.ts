import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { FaultPoint } from '../../../entrypoint/core/fault-point.ts';
import type { BundleProcess } from '../../helpers/bundle.ts';
import { createDatabase, type Database } from '../../helpers/database.ts';
import { type PostgresServer, startServer } from '../../helpers/postgres.ts';
import type { Standalone } from '../../helpers/standalone.ts';
import { AUTOCOMMIT_KINDS, type BySight } from '../helpers/autocommit-kinds.ts';
import { isUnresolved, settleByHand } from '../helpers/by-hand.ts';
import { createFaultyApp, type Pass, passedPoints } from '../helpers/faulty-app.ts';
import { findLeftovers } from '../helpers/leftovers.ts';
import { drawShare } from '../helpers/random.ts';
import { report } from '../helpers/results.ts';
import { takeSnapshot } from '../helpers/snapshot.ts';
import { type Target, Victim } from '../helpers/victim.ts';
import { createWireTap, type WireTap } from '../helpers/wire-tap.ts';

const SCRIPTS = {
  '1_users': 'CREATE TABLE users (id SERIAL PRIMARY KEY, email TEXT NOT NULL UNIQUE);',
  '2_wrapped': 'BEGIN; CREATE TABLE wrapped (n INT); INSERT INTO wrapped VALUES (1); COMMIT;',
};

interface Scenario {
  command: 'migrate' | 'start';
  migrations: Record<string, string>;
  seed?: 'works';
  files?: Record<string, string>;
  env?: Record<string, string>;
  /** The point from which on it differs from the first scenario; what comes before is struck there. */
  from?: FaultPoint;
  /** The status of an undisturbed run. */
  status: number;
  /** The third migration may need a person. */
  bySight?: BySight;
}

const COMMITS_TWICE = `CREATE TABLE half (n INT); COMMIT; ALTER TYPE size ADD VALUE 'L'; COMMIT;
INSERT INTO half VALUES (1); SELECT 'L'::size, 1 / (n - 1) FROM half;`;

const scenarios: Record<string, Scenario> = {
  'migrations that are one transaction': { command: 'migrate', migrations: SCRIPTS, status: 0 },
  'a boot with a seed': {
    command: 'start',
    migrations: SCRIPTS,
    seed: 'works',
    from: 'engine:done',
    status: 143,
  },
  'a boot with hooks': {
    command: 'start',
    migrations: SCRIPTS,
    files: {
      'hook.cjs': '',
      'zarpe.config.json': JSON.stringify({
        hooks: {
          afterMigrate: [{ command: 'node hook.cjs' }],
          beforeServer: [{ command: 'node hook.cjs' }],
        },
      }),
    },
    from: 'hook:before',
    status: 143,
  },
  'a migration that fails': {
    command: 'migrate',
    migrations: { ...SCRIPTS, '3_fails': 'CREATE TABLE half (n INT); SELECT 1 / 0;' },
    from: 'script:failed',
    status: 65,
  },
  'a migration that fails and leaves its record': {
    command: 'migrate',
    migrations: { ...SCRIPTS, '3_fails': 'CREATE TABLE half (n INT); SELECT 1 / 0;' },
    env: { ENTRYPOINT_MIGRATE_RETRY_FAILED: 'off' },
    from: 'script:failed',
    status: 65,
  },
  'a migration that fails after two of its transactions': {
    command: 'migrate',
    migrations: { ...SCRIPTS, '3_size': "CREATE TYPE size AS ENUM ('S');", '4_fails': COMMITS_TWICE },
    from: 'transactions:send',
    status: 65,
  },
  'a unique index that the rows do not allow': {
    command: 'migrate',
    migrations: {
      ...SCRIPTS,
      '3_same': 'INSERT INTO wrapped VALUES (1);',
      '4_fails': 'CREATE UNIQUE INDEX CONCURRENTLY once ON wrapped (n);',
    },
    from: 'standalone:look',
    status: 65,
  },
  'a script with ROLLBACK that fails before it': {
    command: 'migrate',
    migrations: { ...SCRIPTS, '3_fails': 'BEGIN; CREATE TABLE half (n INT); SELECT 1 / 0; ROLLBACK;' },
    from: 'whole:record',
    bySight: { applied: 'SELECT false AS applied', undo: '' },
    status: 65,
  },
};

const TARGETS: Target[] = ['process', 'session', 'server'];
const everPassed = new Set<string>();
let server: PostgresServer;
let tap: WireTap;

beforeAll(async () => {
  server = await startServer({ settings: { max_prepared_transactions: '5' } });
  tap = await createWireTap(server);
});

describe.each(Object.entries(scenarios))('%s, struck at every boundary of the code:', (title, scenario) => {
  let app: Standalone;
  let passes: Pass[];
  let expected: string;
  const prepare = async () => {
    const database = await createDatabase({ server, create: false });
    const { command, env = {} } = scenario;
    return { database, victim: new Victim(app, command, { server, database, tap, env }) };
  };

  beforeAll(async () => {
    const { migrations, seed, files, from } = scenario;
    app = await createFaultyApp({ migrations, ...(seed && { seed }), ...(files && { files }) });
    const { database, victim } = await prepare();
    const boot = await victim.start({ ZARPE_FAULT: 'trace' });
    expect(await endOf(boot), boot.describe()).toBe(scenario.status);
    const all = passedPoints(boot.lines);
    for (const { fault } of all) everPassed.add(fault);
    passes = all.slice(
      Math.max(
        0,
        all.findIndex(({ fault }) => fault === from),
      ),
    );
    expected = await describeEnd(database);
    await database.drop();
  });

  test.each(TARGETS)('%s', async (target) => {
    const tally = { tried: 0, manual: 0 };
    for (const { fault, hit } of drawShare(passes, `${title}, ${target}`)) {
      const { database, victim } = await prepare();
      const { struck, exit, boot } = await victim.run({ target, instant: { point: fault, hit } }, endOf);
      // Of a process, or a server, there is always one to strike; a session comes and goes.
      const what = `${target} at ${fault}:${hit}\n${boot.describe()}`;
      if (target !== 'session') expect(struck, what).toBe(true);
      if (!struck) continue;
      if (scenario.command === 'start') await boot.killAll();
      if (exit.signal === null) expect([0, 69, 75, scenario.status], what).toContain(exit.code);
      tally.tried += 1;
      tally.manual += await startUntilDone(victim, database, scenario);
      expect(await describeEnd(database), what).toBe(expected);
      await database.drop();
    }
    report('every boundary of the code', `${target} struck, ${title}`, tally);
    if (scenario.bySight === undefined) expect(tally.manual).toBe(0);
  });
});

test('every fault point there is was passed', async () => {
  const source = await readFile(join(import.meta.dirname, '../../../entrypoint/core/fault-point.ts'), 'utf8');
  const points = [...source.matchAll(/^ {2}\| '([^']+)'/gm)].map(([, name]) => name);
  // Each of these kinds is struck at every point it passes, in a file of its own for each target.
  const kinds = AUTOCOMMIT_KINDS.flatMap((kind, index) => {
    const { before, script } = kind.write(`${index}`, 1);
    return [
      [`${index}_before`, before],
      [`${index}_script`, script],
    ];
  });
  const app = await createFaultyApp({ migrations: Object.fromEntries(kinds) });
  const database = await createDatabase({ server });
  const boot = await new Victim(app, 'migrate', { server, database }).start({ ZARPE_FAULT: 'trace' });
  expect(await endOf(boot), boot.describe()).toBe(0);
  for (const { fault } of passedPoints(boot.lines)) everPassed.add(fault);
  // Another replica at work: in the stampede. The others are killed at each of their points in files of their own.
  const baseline = ['baseline:created', 'baseline:compared', 'baseline:record'];
  const values = ['values:write', 'values:written', 'values:renamed', 'values:remove'];
  const elsewhere = ['lock:busy', ...baseline, ...values, 'push:planned', 'push:committed'];
  expect([...everPassed, ...elsewhere].sort()).toEqual(points.sort());
});

/** The status a run ends with; a server is told to end once it serves. */
async function endOf(boot: BundleProcess): Promise<number | null> {
  await boot.waitForServer().then(
    () => boot.kill('SIGTERM'),
    () => undefined,
  );
  return (await boot.exit).code;
}

/** Starts again until the end is that of an undisturbed run; answers how often it took a person. */
async function startUntilDone(
  victim: Victim,
  database: Database,
  { status, bySight, env }: Scenario,
): Promise<number> {
  for (let manual = 0; ; manual += 1) {
    const boot = await victim.start({});
    const ended = await endOf(boot);
    expect(ended, boot.describe()).toBe(isUnresolved(boot) ? 65 : status);
    // Without a second try of what failed, its record is where an undisturbed run ends too.
    if (!isUnresolved(boot) || env?.ENTRYPOINT_MIGRATE_RETRY_FAILED === 'off') return manual;
    await settleByHand(victim, boot, database, () => bySight);
  }
}

/** Schema, rows, and the live records. */
async function describeEnd(database: Database): Promise<string> {
  const records = (await database.migrations()).filter(({ rolled_back }) => !rolled_back);
  const named = records.map(({ migration_name, checksum, finished }) => ({
    migration_name,
    checksum,
    finished,
  }));
  const remains = { named, leftovers: await findLeftovers(database) };
  return `${await takeSnapshot(database)}\n${JSON.stringify(remains, null, 2)}`;
}
