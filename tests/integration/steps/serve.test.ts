import { createHash } from 'node:crypto';
import { symlink } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type BundleOptions, runBundle, startBundle } from '../../helpers/bundle.ts';
import { createDatabase, type Database } from '../../helpers/database.ts';
import { createStandalone, type ServerFixture } from '../../helpers/standalone.ts';
import { createFolder } from '../../helpers/workspace.ts';

let database: Database;
beforeAll(async () => {
  database = await createDatabase();
  const { dir } = await createStandalone();
  await runBundle({ dir, args: ['migrate'], env: { DATABASE_URL: database.url } });
});

async function start(server: ServerFixture, options: Omit<BundleOptions, 'dir'> = {}) {
  const app = await createStandalone({ server });
  const boot = await startBundle({
    dir: app.dir,
    ...options,
    env: { DATABASE_URL: database.url, ...options.env },
  });
  return { app, boot };
}

describe('Zarpe ends with the exit status of the server', () => {
  test.each([0, 1, 2, 42, 65, 75, 127, 128, 143, 200, 255])('%i', async (status) => {
    const { boot } = await start('crashing', { env: { FIXTURE_EXIT_CODE: String(status) } });
    expect(await boot.exit).toMatchObject({ code: status, signal: null });
  });

  test.each(['SIGKILL', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGSEGV', 'SIGABRT'] as const)(
    '128 + n for a %s, never 0',
    async (signal) => {
      const { boot } = await start('killed', { env: { FIXTURE_SIGNAL: signal } });
      expect(await boot.exit).toMatchObject({ code: 128 + constants.signals[signal], signal: null });
    },
  );
});

describe('the end of the server', () => {
  const ended = (logs: { step?: string; event?: string }[]) =>
    logs.findLast(({ step, event }) => step === 'server' && (event === 'done' || event === 'failed'));

  test('by itself and badly is an error with its code, status and signal', async () => {
    const { boot } = await start('crashing', { env: { FIXTURE_EXIT_CODE: '3' } });
    await boot.exit;
    expect(ended(boot.logs)).toMatchObject({
      level: 'error',
      exitStatus: 3,
      error: { code: 'SERVER_DIED' },
      msg: 'the server exited unexpectedly with status 3',
    });
    const killed = await start('killed', { env: { FIXTURE_SIGNAL: 'SIGKILL', LOG_FORMAT: 'pretty' } });
    await killed.boot.exit;
    expect(killed.boot.stdout).toMatch(
      /^✗ server {4}the server exited unexpectedly on SIGKILL; the container may be out of memory/m,
    );
  });

  test('with 0, or with any status after TERM, is none', async () => {
    const { boot } = await start('crashing', { env: { FIXTURE_EXIT_CODE: '0' } });
    await boot.exit;
    expect(ended(boot.logs)).toMatchObject({ level: 'info', event: 'done', exitStatus: 0 });
    const asked = await start('polite');
    await asked.boot.waitForServer();
    asked.boot.kill('SIGTERM');
    await asked.boot.exit;
    expect(ended(asked.boot.logs)).toMatchObject({ level: 'info', event: 'done', exitStatus: 143 });
  });
});

describe('the server', () => {
  test('gets arguments, flags of Node.js, environment, folder and standard input', async () => {
    const { app, boot } = await start('recorder', {
      args: ['start', '--', '--flag', 'a b'],
      nodeArgs: ['--stack-size=900', '--no-warnings'],
      cwd: '/',
      stdin: 'one\ntwo\n',
      env: { FIXTURE_RECORD: 'PORT,HOSTNAME,NODE_ENV,EXTRA', EXTRA: 'a "b" $c', EMPTY: '' },
    });
    const started = await boot.waitForLog({ fixture: 'recorder', event: 'started' });
    expect(started).toMatchObject({
      cwd: app.dir,
      ppid: boot.pid,
      execArgv: ['--stack-size=900', '--no-warnings'],
      env: { PORT: String(boot.port), HOSTNAME: '0.0.0.0', NODE_ENV: 'production', EXTRA: 'a "b" $c' },
    });
    expect((started.argv as string[]).slice(1)).toEqual([app.path('server.js'), '--flag', 'a b']);
    expect(started.envHashes).toMatchObject({
      DATABASE_URL: createHash('sha256').update(database.url).digest('hex'),
    });
    await boot.waitForLog({ event: 'stdin', line: 'two' });
    await boot.waitForLog({ event: 'stdin-end' });
  });

  test('is probed until it answers, and the log has the time that took', async () => {
    const DELAY_MS = 300;
    const before = performance.now();
    const { boot } = await start('late', { env: { FIXTURE_DELAY_MS: String(DELAY_MS) } });
    const ready = await boot.waitForLog({ step: 'server', event: 'ready' });
    expect(ready.readyMs).toBeGreaterThanOrEqual(DELAY_MS);
    expect(ready.readyMs).toBeLessThan(performance.now() - before);
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2', 'SIGCONT', 'SIGWINCH'] as const)(
    'hears %s as often as it comes',
    async (signal) => {
      const { boot } = await start('recorder');
      await boot.waitForServer();
      const { pid } = await boot.waitForLog({ step: 'server', event: 'running' });
      for (const times of [1, 2]) {
        boot.kill(signal);
        await expect
          .poll(() => boot.logs.filter((log) => log.event === 'signal' && log.signal === signal).length)
          .toBe(times);
      }
      const living = boot.processes().map((process) => process.pid);
      expect(living.toSorted()).toEqual([boot.pid, Number(pid)].toSorted());
    },
  );

  test('that drains for long is left to it', async () => {
    const { boot } = await start('slow', { env: { FIXTURE_DRAIN_MS: '1500' } });
    await boot.waitForServer();
    boot.kill('SIGTERM');
    await boot.waitForLog({ event: 'drained' });
    expect(await boot.exit).toMatchObject({ code: 143 });
  });

  test('that ignores TERM is killed after ENTRYPOINT_SHUTDOWN_TIMEOUT: 137', async () => {
    const { boot } = await start('stubborn', { env: { ENTRYPOINT_SHUTDOWN_TIMEOUT: '300ms' } });
    await boot.waitForServer();
    boot.kill('SIGTERM');
    await boot.waitForLog({ event: 'ignored' });
    expect(await boot.exit).toMatchObject({ code: 137 });
  });

  test('on a terminal ends with 130 on Ctrl-C', async () => {
    const { boot } = await start('polite', { terminal: true });
    await boot.waitForLine(/"ready"/);
    boot.stdin?.write('\x03');
    expect(await boot.exit).toMatchObject({ code: 130 });
  });

  test('is found beside the bundle, through a link to it', async () => {
    const app = await createStandalone({ server: 'crashing' });
    const elsewhere = await createFolder('elsewhere');
    await symlink(app.entrypoint, join(elsewhere, 'entrypoint.js'));
    const boot = await runBundle({
      dir: elsewhere,
      env: { DATABASE_URL: database.url, FIXTURE_EXIT_CODE: '9' },
    });
    expect(boot.code).toBe(9);
  });
});
