import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runBundle, startBundle } from '../helpers/bundle.ts';
import { createDatabase } from '../helpers/database.ts';
import { createStandalone } from '../helpers/standalone.ts';

const boot = async (env: Record<string, string> = {}) => {
  const app = await createStandalone({ seed: 'works', server: 'crashing' });
  const database = await createDatabase();
  const run = () =>
    runBundle({ dir: app.dir, env: { DATABASE_URL: database.url, FIXTURE_EXIT_CODE: '0', ...env } });
  return { app, database, run };
};

test('each step says when it starts and ends, in order, and how long it took; a last line sums up', async () => {
  const SEED_MS = 300;
  const seed = `node -e 'setTimeout(() => {}, ${SEED_MS})'`;
  const { run } = await boot({ ENTRYPOINT_SEED_COMMAND: seed, ENTRYPOINT_SEED: 'always' });
  const { code, logs, durationMs } = await run();
  expect(code).toBe(0);
  const steps = ['build', 'database', 'migrate', 'seed', 'server'];
  for (const event of ['start', 'done']) {
    const said = logs
      .filter((log) => log.event === event && steps.includes(log.step ?? ''))
      .map(({ step }) => step);
    expect(said).toEqual(steps);
  }
  const took = steps.map((step) => logs.find((log) => log.step === step && log.event === 'done')?.durationMs);
  expect(took[steps.indexOf('seed')]).toBeGreaterThanOrEqual(SEED_MS - 1);
  const whole = took.reduce<number>((sum, ms) => sum + (ms ?? Number.NaN), 0);
  expect(whole, 'the steps follow each other').toBeLessThanOrEqual(durationMs);
  const summary = logs.find(({ event }) => event === 'summary')?.durations as Record<string, number>;
  expect(Object.keys(summary)).toEqual(expect.arrayContaining(steps.slice(0, -1)));
  expect(summary.seed).toBeGreaterThanOrEqual(SEED_MS - 1);
});

test('a second boot migrates nothing, seeds nothing and takes no lock', async () => {
  const { run } = await boot();
  await run();
  const { code, logs } = await run();
  expect(code).toBe(0);
  expect(logs.filter(({ event }) => event === 'skipped').map(({ step }) => step)).toEqual([
    'migrate',
    'seed',
  ]);
  expect(logs.filter(({ step }) => step === 'lock')).toEqual([]);
});

test('pretty lines are a symbol, a step and a text, without colour where there is no terminal', async () => {
  const { run } = await boot({ LOG_FORMAT: 'pretty' });
  const { stdout } = await run();
  expect(stdout).toMatch(/^✓ build {5}Next\.js 16\.4\.6/m);
  expect(stdout).toMatch(/^✓ migrate {3}1 migration applied/m);
  expect(stdout).not.toContain('\u001b');
  expect(stdout).not.toContain('"level"');
});

test('on a terminal the lines are pretty and coloured, but for NO_COLOR', async () => {
  const app = await createStandalone({ server: 'crashing' });
  const database = await createDatabase();
  const env = { DATABASE_URL: database.url, LOG_FORMAT: undefined, FIXTURE_EXIT_CODE: '0' };
  const coloured = await startBundle({ dir: app.dir, terminal: true, env });
  await coloured.exit;
  expect(coloured.stdout).toContain('\u001b[32m✓\u001b[39m build');
  const plain = await startBundle({ dir: app.dir, terminal: true, env: { ...env, NO_COLOR: '1' } });
  await plain.exit;
  expect(plain.stdout).toContain('✓ build');
  expect(plain.stdout).not.toContain('\u001b');
});

test('the summary of a failure is in the termination log, where there is one', async () => {
  const { app, run } = await boot({ ENTRYPOINT_TERMINATION_LOG: 'set below' });
  const path = app.path('termination-log');
  const env = { DATABASE_URL: 'mysql://app:not-to-be-printed@db/app', ENTRYPOINT_TERMINATION_LOG: path };
  await runBundle({ dir: app.dir, env });
  expect(() => readFileSync(path)).toThrow('ENOENT');
  writeFileSync(path, '');
  expect((await runBundle({ dir: app.dir, env })).code).toBe(78);
  expect(readFileSync(path, 'utf8')).toMatch(
    /^CONFIG_INVALID \(exit 78\): DATABASE_URL: expected a PostgreSQL/,
  );
  expect(readFileSync(path, 'utf8')).not.toContain('not-to-be-printed');
  await run();
});

test('an unknown command or flag ends with 64, and names the nearest right one', async () => {
  const app = await createStandalone();
  for (const [args, right] of [
    [['migrat'], 'migrate'],
    [['check', '--jsn'], '--json'],
    [['--chekc'], '--check'],
    [['--migrat'], 'migrate'],
    [['help', 'migrat'], 'migrate'],
  ] as const) {
    const { code, logs } = await runBundle({ dir: app.dir, args: [...args] });
    expect(code).toBe(64);
    expect(logs.at(-1)?.error).toMatchObject({
      code: 'USAGE',
      problems: [{ hint: `Did you mean ${right}?` }],
    });
  }
});
