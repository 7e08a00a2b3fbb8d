import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { runBundle, startBundle } from '../../helpers/bundle.ts';
import { createDatabase } from '../../helpers/database.ts';
import { nextServer } from '../../helpers/next-server.ts';
import type { LogLine } from '../../helpers/output-lines.ts';
import { createStandalone, type StandaloneOptions } from '../../helpers/standalone.ts';

/** Tells what the boot told it. */
const TELL = `
const { ZARPE_HOOK, ZARPE_MIGRATIONS_APPLIED, ZARPE_SEEDED } = process.env;
console.log(JSON.stringify({ ZARPE_HOOK, ZARPE_MIGRATIONS_APPLIED, ZARPE_SEEDED }));
`;
/** Appends that it begins and ends to a file, and takes its time between. */
const OVERLAP = `
const { appendFileSync } = require('node:fs');
appendFileSync('overlap', 'begin\\n');
setTimeout(() => appendFileSync('overlap', 'end\\n'), 150);
`;

async function createApp(hooks: object, options: StandaloneOptions = {}) {
  const files = {
    'tell.js': TELL,
    'fail.js': `console.log('why it fails'); process.exit(3)`,
    'hang.js': `console.log('hanging'); setInterval(() => {}, 1000)`,
    'overlap.js': OVERLAP,
    'zarpe.config.json': JSON.stringify({ hooks }),
    ...options.files,
  };
  const app = await createStandalone({ server: 'crashing', packageType: 'none', ...options, files });
  const database = await createDatabase();
  const env = { DATABASE_URL: database.url, FIXTURE_EXIT_CODE: '0' };
  return { app, database, env, run: (more = {}) => runBundle({ dir: app.dir, env: { ...env, ...more } }) };
}

const outputOf = (logs: LogLine[]) => logs.filter(({ event }) => event === 'output').map(({ msg }) => msg);
const told = (logs: LogLine[]) => outputOf(logs).map((line) => JSON.parse(line ?? ''));
const tell = { command: ['node', 'tell.js'] };

describe('hooks', () => {
  test('run in their order, each with a line of its duration, and know what the boot knows', async () => {
    const hooks = {
      beforeMigrate: [tell],
      afterMigrate: [tell],
      beforeServer: [tell, { ...tell, exclusive: true }],
    };
    const { run } = await createApp(hooks, { seed: 'works' });
    const { code, logs } = await run();
    expect(code).toBe(0);
    const lines = outputOf(logs).filter((line) => line?.includes('ZARPE_HOOK'));
    const [before, after, exclusive, server] = lines.map((line) => JSON.parse(line ?? ''));
    expect(before).toEqual({ ZARPE_HOOK: 'before-migrate' });
    expect(after).toMatchObject({ ZARPE_HOOK: 'after-migrate' });
    expect(after.ZARPE_MIGRATIONS_APPLIED).toMatch(/^\w+$/);
    expect(exclusive).toEqual({ ...after, ZARPE_HOOK: 'before-server', ZARPE_SEEDED: 'true' });
    expect(server).toEqual(exclusive);
    const done = logs.filter(({ step, event }) => step === 'hook' && event === 'done');
    expect(done.map(({ msg }) => msg)).toEqual([
      '4 hooks to run',
      'hook beforeMigrate[0] done',
      'hook afterMigrate[0] done',
      'hook beforeServer[1] done',
      'hook beforeServer[0] done',
    ]);
    expect(done.every(({ durationMs }) => typeof durationMs === 'number')).toBe(true);
    const again = await run();
    expect(told(again.logs).map(({ ZARPE_MIGRATIONS_APPLIED: applied }) => applied)).toEqual([
      undefined,
      '',
      '',
      '',
    ]);
    expect(told(again.logs).at(-1)).toMatchObject({ ZARPE_SEEDED: 'false' });
  });

  test('know nothing that the container says in place of the boot', async () => {
    const { run } = await createApp({ beforeMigrate: [tell], afterMigrate: [tell], beforeServer: [tell] });
    const inherited = { ZARPE_HOOK: 'x', ZARPE_MIGRATIONS_APPLIED: 'x', ZARPE_SEEDED: 'x' };
    const [before, after, server] = told((await run(inherited)).logs);
    expect(before).toEqual({ ZARPE_HOOK: 'before-migrate' });
    expect(after).toEqual({
      ZARPE_HOOK: 'after-migrate',
      ZARPE_MIGRATIONS_APPLIED: expect.stringMatching(/^\d+_/),
    });
    expect(server).toMatchObject({ ZARPE_HOOK: 'before-server', ZARPE_SEEDED: 'false' });
  });

  test('are told of the newest migrations where a variable cannot hold the names of all', async () => {
    const names = Array.from({ length: 600 }, (_, at) => `${10_000 + at}_${'x'.repeat(230)}`);
    const migrations = Object.fromEntries(names.map((name) => [name, '-- nothing']));
    const summarize = `
      const [first, ...names] = process.env.ZARPE_MIGRATIONS_APPLIED.split(',');
      console.log(JSON.stringify([first, names.length, names.at(-1)]));
    `;
    const hooks = { afterMigrate: [{ command: 'node summarize.js' }] };
    const { run } = await createApp(hooks, { migrations, files: { 'summarize.js': summarize } });
    const { code, logs } = await run();
    expect(code).toBe(0);
    const fitting = Math.floor((64 * 1024) / ((names[0]?.length ?? 0) + 1));
    expect(told(logs)).toEqual([['...', fitting, names.at(-1)]]);
  });

  test('that are exclusive hold the boot lock also where nothing is pending; others do not', async () => {
    const { run, app } = await createApp({ beforeServer: [tell] });
    await run();
    const acquired = (logs: LogLine[]) => logs.filter(({ msg }) => msg === 'acquired boot lock').length;
    expect(acquired((await run()).logs)).toBe(0);
    await app.write('zarpe.config.json', JSON.stringify({ hooks: { beforeMigrate: [tell] } }));
    expect(acquired((await run()).logs)).toBe(1);
  });

  test('that are exclusive never overlap, however many replicas start at once', async () => {
    const overlap = { command: 'node overlap.js', exclusive: true };
    const { run, app } = await createApp({ beforeMigrate: [overlap], beforeServer: [overlap] });
    const results = await Promise.all(Array.from({ length: 4 }, () => run()));
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    const marks = readFileSync(app.path('overlap'), 'utf8').trim().split('\n');
    expect(marks).toEqual(Array.from({ length: 8 }, () => ['begin', 'end']).flat());
  });

  test('may change the history before it is compared', async () => {
    const { run, database, app } = await createApp({});
    await run();
    await database.query('DROP TABLE users');
    await app.write(
      'zarpe.config.json',
      JSON.stringify({ hooks: { beforeMigrate: [{ command: ['node', 'wait.js'] }] } }),
    );
    await app.write(
      'wait.js',
      `const { existsSync } = require('node:fs'); console.log('waiting'); setInterval(() => existsSync('go') && process.exit(0), 10)`,
    );
    const boot = await startBundle({
      dir: app.dir,
      env: { DATABASE_URL: database.url, FIXTURE_EXIT_CODE: '0' },
    });
    await boot.waitForLog({ event: 'output', msg: 'waiting' });
    await database.query('DELETE FROM _prisma_migrations');
    await app.write('go', '');
    expect(await boot.exit).toMatchObject({ code: 0 });
    expect(boot.logs.some(({ step, event }) => step === 'migrate' && event === 'applied')).toBe(true);
  });

  test('that fail end the boot with 76, and name hook, status and output', async () => {
    const { run } = await createApp({
      beforeServer: [{ name: 'rewrite', command: ['node', 'fail.js', 's3cret'] }],
    });
    const { code, logs } = await run();
    expect(code).toBe(76);
    expect(logs.at(-1)).toMatchObject({
      step: 'hook',
      event: 'failed',
      exitStatus: 76,
      error: {
        code: 'HOOK_FAILED',
        problems: [
          {
            message: 'The hook rewrite `node fail.js …` ended with exit status 3',
            details: ['why it fails'],
          },
        ],
      },
    });
  });

  test('that fail with onError continue are a warning', async () => {
    const { run } = await createApp({
      afterMigrate: [{ command: 'node fail.js', onError: 'continue' }, tell],
    });
    const { code, logs } = await run();
    expect(code).toBe(0);
    expect(logs.find(({ event }) => event === 'continued')).toMatchObject({
      level: 'warn',
      error: { code: 'HOOK_FAILED' },
      details: ['why it fails'],
    });
    expect(outputOf(logs)).toHaveLength(2);
  });

  test('that hang are killed at their timeout', async () => {
    const { run } = await createApp({ beforeServer: [{ command: 'node hang.js', timeout: '500ms' }] });
    const { code, logs } = await run();
    expect(code).toBe(76);
    expect(JSON.stringify(logs.at(-1))).toContain('timed out after 500ms');
  });

  test('that have ended are not timed out by what they left behind, which holds their output open', async () => {
    const { run } = await createApp({
      beforeServer: [{ command: ['sh', '-c', 'sleep 60 &'], timeout: '900ms' }],
    });
    const { code, logs } = await run();
    expect(code).toBe(0);
    const { msg } = logs.find(({ event }) => event === 'survived') ?? {};
    process.kill(Number(/process (\d+)/.exec(msg ?? '')?.[1]));
  });

  test('that are missing end the boot before the database is looked at, unless they are optional', async () => {
    const missing = { command: 'node nowhere.js' };
    const { app, env, run } = await createApp({ beforeServer: [missing, { command: './absent' }] });
    const { code, logs } = await run();
    expect(code).toBe(66);
    expect(logs.at(-1)?.error).toMatchObject({
      code: 'HOOK_MISSING',
      problems: [{ what: 'the hook beforeServer[0]' }, { what: 'the hook beforeServer[1]' }],
    });
    expect(logs.some(({ step }) => step === 'database')).toBe(false);
    const optional = { hooks: { beforeServer: [{ ...missing, optional: true }] } };
    await app.write('zarpe.config.json', JSON.stringify(optional));
    const skipped = await run();
    expect(skipped.code).toBe(0);
    expect(skipped.logs.find(({ event }) => event === 'absent')).toMatchObject({
      level: 'warn',
      step: 'hook',
    });
    const check = await runBundle({ dir: app.dir, args: ['check', '--json'], env });
    expect(JSON.parse(check.stdout).findings).toContainEqual(
      expect.objectContaining({ step: 'hook', level: 'warning' }),
    );
  });

  test('take what they have started with them if they fail, and leave it, with a warning, if they do not', async () => {
    const leave = `
      const { spawn } = require('node:child_process');
      for (const detached of [false, true])
        spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached, stdio: 'ignore' }).unref();
      process.exit(Number(process.argv[2]));
    `;
    const hook = { command: 'node leave.js 3', onError: 'continue' };
    const { app, env } = await createApp(
      { beforeMigrate: [hook], beforeServer: [hook] },
      { server: 'polite', files: { 'leave.js': leave } },
    );
    const boot = await startBundle({ dir: app.dir, env });
    await boot.waitForServer();
    expect(boot.logs.filter(({ event }) => event === 'continued')).toHaveLength(2);
    expect(boot.processes().filter(({ command }) => command.includes('setInterval'))).toEqual([]);
    boot.kill();
    await boot.exit;
    await app.write(
      'zarpe.config.json',
      JSON.stringify({ hooks: { beforeServer: [{ command: 'node leave.js 0' }] } }),
    );
    const lasting = await startBundle({ dir: app.dir, env });
    const { msg } = await lasting.waitForLog({ event: 'survived', level: 'warn', step: 'hook' });
    const left = lasting.processes().filter(({ command }) => command.includes('setInterval'));
    expect(left).toHaveLength(2);
    for (const { pid } of left) expect(msg).toContain(String(pid));
    await lasting.killAll();
  });

  test('take along what starts itself anew in a session of its own all the time, if they fail', async () => {
    const hook = { command: 'sh start.sh', onError: 'continue' };
    const { app, env } = await createApp(
      { beforeServer: [hook] },
      {
        server: 'polite',
        files: {
          'start.sh': 'sh chain.sh >/dev/null 2>&1 & exit 3',
          // Not longer than the folder is there.
          'chain.sh': 'sleep 0.005; [ -e chain.sh ] && setsid sh chain.sh &',
        },
      },
    );
    const boot = await startBundle({ dir: app.dir, env });
    await boot.waitForServer();
    expect(boot.logs.filter(({ event }) => event === 'continued')).toHaveLength(1);
    // One look may miss it.
    const seen = Array.from({ length: 30 }, () =>
      boot.processes().filter(({ command }) => command.includes('chain')),
    );
    await app.remove('chain.sh');
    expect(seen.flat()).toEqual([]);
    boot.kill();
    await boot.exit;
  });

  test('are ended with the boot by a signal, and leave no process', async () => {
    const { app, env } = await createApp({ beforeServer: [{ command: 'node hang.js' }] });
    const boot = await startBundle({ dir: app.dir, env });
    await boot.waitForLog({ event: 'output', msg: 'hanging' });
    boot.kill('SIGTERM');
    expect(await boot.exit).toMatchObject({ code: 143 });
    expect(boot.processes()).toEqual([]);
  });

  test('have ended before a server of Next.js is started, whose files they may change', async () => {
    const { run } = await createApp({ beforeServer: [tell] }, { files: nextServer('crashing') });
    const { code, logs } = await run();
    expect(code).toBe(0);
    expect(logs.some(({ event }) => event === 'loading')).toBe(false);
  });

  test('run around the migrations of the command migrate', async () => {
    const { app, env } = await createApp({
      beforeMigrate: [tell],
      afterMigrate: [tell],
      beforeServer: [tell],
    });
    const { code, logs } = await runBundle({ dir: app.dir, args: ['migrate'], env });
    expect(code).toBe(0);
    expect(told(logs).map(({ ZARPE_HOOK: hook }) => hook)).toEqual(['before-migrate', 'after-migrate']);
  });

  test('of an unknown stage or shape are problems of the configuration', async () => {
    const { run } = await createApp({
      beforeSeed: [tell],
      afterMigrate: [{ command: 'a && b' }, { comand: 'x' }, { command: [] }, { command: 'x', timeout: '5' }],
    });
    const { code, logs } = await run();
    expect(code).toBe(78);
    expect(logs[0]?.error?.problems).toMatchObject([
      { what: 'zarpe.config.json: hooks.afterMigrate[1].command', got: 'nothing' },
      { what: 'zarpe.config.json: hooks.afterMigrate[1].comand', hint: 'Did you mean command?' },
      { what: 'zarpe.config.json: hooks.afterMigrate[2].command', got: 'an empty list' },
      { what: 'zarpe.config.json: hooks.afterMigrate[3].timeout', expected: expect.stringContaining('30s') },
      { what: 'zarpe.config.json: hooks.beforeSeed' },
    ]);
  });
});
