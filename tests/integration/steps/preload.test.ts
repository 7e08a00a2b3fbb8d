import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { type BundleProcess, startBundle } from '../../helpers/bundle.ts';
import { createDatabase, type Database } from '../../helpers/database.ts';
import { nextServer } from '../../helpers/next-server.ts';
import { createStandalone, type StandaloneOptions, USERS_MIGRATION } from '../../helpers/standalone.ts';

/** A boot that has its server loading, and waits for the lock until `release` is called. */
async function startHeld(options: StandaloneOptions = {}, env: Record<string, string> = {}) {
  const app = await createStandalone({ server: 'recorder', ...options });
  const database = await createDatabase();
  const release = await database.holdBootLock();
  const boot = await startBundle({
    dir: app.dir,
    env: { DATABASE_URL: database.url, ENTRYPOINT_PRELOAD: 'on', ...env },
  });
  await boot.waitForLog({ step: 'lock', event: 'waiting' });
  return { database, boot, release };
}

function listens(boot: BundleProcess): Promise<boolean> {
  const socket = connect(boot.port, '127.0.0.1');
  return once(socket, 'connect').then(
    () => Boolean(socket.destroy()),
    () => false,
  );
}

async function serverLoads(boot: BundleProcess) {
  return boot.waitForLog({ fixture: 'recorder', event: 'started' });
}

describe('a server that loads while the database is prepared', () => {
  test('listens when the database is ready, and not before', async () => {
    const { boot, database, release } = await startHeld();
    const { pid, execArgv } = await serverLoads(boot);
    expect(await listens(boot)).toBe(false);
    expect(await database.migrations()).toEqual([]);
    await release();
    expect(await boot.waitForServer()).toMatchObject({ pid });
    expect(execArgv).toEqual([]);
    const order = boot.logs.map(({ step, event }) => `${step}:${event}`);
    expect(order.indexOf('migrate:done')).toBeLessThan(order.indexOf('undefined:ready'));
    expect(await database.migrations()).toHaveLength(1);
  });

  test('gets the signals once it may listen, and Zarpe ends as it ends', async () => {
    const { boot, release } = await startHeld({ server: 'polite' });
    await release();
    await boot.waitForServer();
    boot.kill('SIGTERM');
    await boot.waitForLog({ event: 'drained' });
    expect(await boot.exit).toMatchObject({ code: 143, signal: null });
  });

  test('is dropped when the boot fails, and has never listened', async () => {
    const { boot, release } = await startHeld({ migrations: { '0001': 'SELECT broken' } });
    await serverLoads(boot);
    await release();
    expect(await boot.exit).toMatchObject({ code: 65 });
    expect(boot.processes()).toEqual([]);
    expect(boot.logs.filter(({ fixture, event }) => fixture !== undefined && event === 'ready')).toEqual([]);
  });

  test('is gone before the port answers for a boot that failed', async () => {
    const { boot, release } = await startHeld(
      { migrations: { '0001': 'SELECT broken' } },
      { ENTRYPOINT_HOLD: '1m' },
    );
    await serverLoads(boot);
    await release();
    await boot.waitForLog({ event: 'held' });
    expect(boot.processes()).toHaveLength(1);
    expect((await fetch(`http://127.0.0.1:${boot.port}/api/health`)).status).toBe(503);
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('is dropped when %s ends the boot with %i', async (signal, status) => {
    const { boot } = await startHeld();
    await serverLoads(boot);
    boot.kill(signal);
    expect(await boot.exit).toMatchObject({ code: status });
    expect(boot.processes()).toEqual([]);
    expect(boot.logs.filter(({ event }) => event === 'signal')).toEqual([]);
  });

  test('ends by itself when nobody is left to let it listen', async () => {
    const { boot } = await startHeld();
    await serverLoads(boot);
    boot.kill('SIGKILL');
    await boot.exit;
    await expect.poll(() => boot.processes()).toEqual([]);
  });

  test('that ends while it loads ends the boot as it ended, once the database is prepared', async () => {
    const { boot, database, release } = await startHeld({ files: { 'server.js': 'process.exit(9);\n' } });
    await release();
    expect(await boot.exit).toMatchObject({ code: 9 });
    expect(await database.migrations()).toHaveLength(1);
  });

  test('does not hold what its threads and its children listen on, and tells of them', async () => {
    const listen = (who: string) =>
      `require('node:net').createServer().listen(0, () => console.log('{"event":"${who} listens"}'))`;
    const { boot } = await startHeld({
      packageType: 'commonjs',
      files: {
        'child.js': listen('child'),
        'server.js': `
          new (require('node:worker_threads').Worker)(${JSON.stringify(listen('thread'))}, { eval: true });
          require('node:child_process').fork('./child.js');
          ${listen('server')};
        `,
      },
    });
    await boot.waitForLog({ event: 'thread listens' });
    await boot.waitForLog({ event: 'child listens' });
    expect(boot.logs.map(({ event }) => event)).not.toContain('server listens');
    for (const what of ['a worker thread', 'a process']) {
      const told = await boot.waitForLog(
        ({ event, msg }) => event === 'unheld' && msg?.includes(what) === true,
      );
      expect(told).toMatchObject({ level: 'warn', step: 'server' });
    }
  });

  test('leaves the port to the probes until then', async () => {
    const { boot, release } = await startHeld({}, { ENTRYPOINT_BOOT_PROBE: 'on' });
    await serverLoads(boot);
    const probe = await fetch(`http://127.0.0.1:${boot.port}/api/health`);
    expect([probe.status, await probe.json()]).toMatchObject([503, { phase: 'lock' }]);
    await release();
    await boot.waitForServer();
  });
});

const NEXT_SERVER = nextServer('recorder');
const NEXT_SOURCE = NEXT_SERVER['server.js'] ?? '';

/** What a container's memory limit of so many megabytes looks like to Node.js. */
const limitedTo = (megabytes: number) =>
  `--import=data:text/javascript,process.constrainedMemory = () => ${megabytes}e6`;

describe('ENTRYPOINT_PRELOAD', () => {
  async function serve(
    files: Record<string, string>,
    env: Record<string, string> = {},
    more: { packageType?: 'commonjs'; nodeArgs?: string[] } = {},
  ) {
    const database: Database = await createDatabase();
    const { packageType = 'module', nodeArgs = [] } = more;
    const app = await createStandalone({ packageType, migrations: { '0001': USERS_MIGRATION }, files });
    const boot = await startBundle({ dir: app.dir, nodeArgs, env: { DATABASE_URL: database.url, ...env } });
    await boot.waitForServer();
    return boot;
  }

  const isEarly = (boot: BundleProcess) =>
    boot.logs.some(({ step, event }) => step === 'server' && event === 'loading');

  test('auto loads the server that Next.js made early', async () => {
    expect(isEarly(await serve(NEXT_SERVER))).toBe(true);
    const packageType = 'commonjs';
    expect(isEarly(await serve(nextServer('recorder', false), {}, { packageType }))).toBe(true);
  });

  test.each([
    ['a server of another make', "import('./fixtures/recorder.cjs');\n"],
    [
      'one that mentions Next.js',
      `// next/dist/server/lib/start-server\nimport('./fixtures/recorder.cjs');\n`,
    ],
    ['code before that of Next.js', `import('node:fs');\n${NEXT_SOURCE}`],
    ['code behind it', `${NEXT_SOURCE}\nimport('node:fs');\n`],
    ['code within it', NEXT_SOURCE.replace("require('next')", "require('node:fs'); require('next')")],
    [
      'code in its configuration',
      NEXT_SOURCE.replace('const nextConfig = {', 'const nextConfig = {"x":process.pid,'),
    ],
  ])('auto loads no server early that is not what Next.js wrote: %s', async (_, source) => {
    expect(source).not.toBe(NEXT_SOURCE);
    expect(isEarly(await serve({ ...NEXT_SERVER, 'server.js': source }))).toBe(false);
  });

  test('off loads none early', async () => {
    expect(isEarly(await serve(NEXT_SERVER, { ENTRYPOINT_PRELOAD: 'off' }))).toBe(false);
  });

  test('on counts as something that only a supervisor can do', async () => {
    const env = { ENTRYPOINT_PRELOAD: 'on', ENTRYPOINT_HANDOVER: 'auto' };
    expect(isEarly(await serve(NEXT_SERVER, env))).toBe(true);
  });

  test('auto loads none early where the container has little memory, and says so', async () => {
    const little = await serve(NEXT_SERVER, {}, { nodeArgs: [limitedTo(96)] });
    expect(isEarly(little)).toBe(false);
    expect(little.logs).toContainEqual(expect.objectContaining({ event: 'deferred', memory: 96_000_000 }));
    expect(isEarly(await serve(NEXT_SERVER, {}, { nodeArgs: [limitedTo(512)] }))).toBe(true);
    const asked = await serve(NEXT_SERVER, { ENTRYPOINT_PRELOAD: 'on' }, { nodeArgs: [limitedTo(96)] });
    expect(isEarly(asked)).toBe(true);
  });
});
