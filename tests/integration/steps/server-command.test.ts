import { readFileSync } from 'node:fs';
import { chmod, mkdir, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { type BundleOptions, runBundle, startBundle } from '../../helpers/bundle.ts';
import { createDatabase } from '../../helpers/database.ts';
import { closedPort } from '../../helpers/network.ts';
import { findNode } from '../../helpers/node-versions.ts';
import { createStandalone, type StandaloneOptions } from '../../helpers/standalone.ts';

const NO_NEXT = ['.next', 'server.js', 'node_modules/next'];
const node24 = findNode(24);

interface Options extends Omit<BundleOptions, 'dir'> {
  files?: StandaloneOptions['files'];
  programs?: Record<string, string | Buffer>;
}

/** An image of another kind: `fixtures/` has its servers, nothing of Next.js is there. */
async function createApp({ files = {}, programs = {} }: Options = {}) {
  const app = await createStandalone({ omit: NO_NEXT, packageType: 'commonjs', files });
  await mkdir(app.path('bin'));
  for (const [name, content] of Object.entries(programs)) {
    await app.write(name, content);
    await chmod(app.path(name), 0o755);
  }
  return app;
}

async function start(command: string, options: Options = {}) {
  const app = await createApp(options);
  const database = await createDatabase();
  const env = { DATABASE_URL: database.url, ENTRYPOINT_SERVER_COMMAND: command, ...options.env };
  return { app, boot: await startBundle({ ...options, dir: app.dir, env }) };
}

test('a command line that the system finds too long ends the boot with 66, not with an internal error', async () => {
  const files = {
    'worker.js': '',
    'zarpe.config.json': JSON.stringify({ variables: { A: '${TEXT}${TEXT}' } }),
  };
  const app = await createApp({ files });
  const server = { ENTRYPOINT_DATABASE: 'off', ENTRYPOINT_SERVER_COMMAND: 'node worker.js' };
  const { code, logs } = await runBundle({ dir: app.dir, env: { ...server, TEXT: '語'.repeat(22_000) } });
  expect(code).toBe(66);
  expect(logs.find(({ error }) => error !== undefined)?.error?.code).toBe('SERVER_UNSTARTABLE');
});

test.skipIf(node24 === undefined)(
  'a folder that is gone when exec needs it ends the boot with 66',
  async () => {
    const hooks = { beforeServer: [{ command: 'rmdir bin' }] };
    const app = await createApp({ files: { 'zarpe.config.json': JSON.stringify({ hooks }) } });
    const env = {
      ENTRYPOINT_DATABASE: 'off',
      ENTRYPOINT_HANDOVER: 'exec',
      ENTRYPOINT_SERVER_COMMAND: '/bin/echo x',
      ENTRYPOINT_SERVER_DIR: 'bin',
    };
    const { code, logs } = await runBundle({ dir: app.dir, env, ...(node24 && { node: node24 }) });
    expect(code).toBe(66);
    expect(logs.at(-1)?.error?.code).toBe('SERVER_UNSTARTABLE');
  },
);

/** A boot that must fail before it connects: nothing listens where the database should be. */
async function refuse(env: Record<string, string>, options: Options = {}) {
  const app = await createApp(options);
  const DATABASE_URL = `postgresql://app@127.0.0.1:${await closedPort()}/app`;
  const run = await runBundle({ dir: app.dir, env: { DATABASE_URL, ...env } });
  expect(run.logs.filter(({ step }) => step === 'database')).toEqual([]);
  return { code: run.code, error: run.logs.at(-1)?.error, message: run.logs.at(-1)?.msg ?? '' };
}

const LAUNCHER = "#!/usr/bin/env node\nrequire('../fixtures/recorder.cjs');\n";

describe('a server command', () => {
  test('of Node.js runs in its folder with arguments, flags and environment, and needs no Next.js', async () => {
    const { app, boot } = await start('node --stack-size=900 ../../fixtures/recorder.cjs "a b"', {
      args: ['start', '--', '--late'],
      nodeArgs: ['--no-warnings'],
      files: { 'apps/api/package.json': '{}' },
      env: { ENTRYPOINT_SERVER_DIR: 'apps/api', FIXTURE_RECORD: 'PORT,NODE_ENV' },
    });
    const started = await boot.waitForLog({ fixture: 'recorder', event: 'started' });
    expect(started).toMatchObject({
      cwd: app.path('apps/api'),
      ppid: boot.pid,
      execArgv: ['--no-warnings', '--stack-size=900'],
      env: { PORT: String(boot.port), NODE_ENV: 'production' },
    });
    expect((started.argv as string[]).slice(1)).toEqual([app.path('fixtures/recorder.cjs'), 'a b', '--late']);
    await boot.waitForLog({ step: 'server', event: 'ready' });
    expect(boot.logs.find(({ step, event }) => step === 'build' && event === 'done')).toMatchObject({
      buildId: null,
      nextVersion: null,
      migrationCount: 1,
    });
  });

  test.each([
    ['by its path', 'bin/serve --flag'],
    ['in PATH', 'serve --flag'],
  ])('of any program, found %s, hears signals and gives its exit status', async (_how, command) => {
    const app = await createApp({ programs: { 'bin/serve': LAUNCHER } });
    const database = await createDatabase();
    const PATH = `${app.path('bin')}:${process.env.PATH}`;
    const env = { DATABASE_URL: database.url, ENTRYPOINT_SERVER_COMMAND: command, PATH };
    const boot = await startBundle({ dir: app.dir, env });
    const { argv } = await boot.waitForLog({ fixture: 'recorder', event: 'started' });
    expect((argv as string[]).slice(1)).toEqual([app.path('bin/serve'), '--flag']);
    await boot.waitForServer();
    for (const signal of ['SIGTERM', 'SIGUSR2'] as const) {
      boot.kill(signal);
      await boot.waitForLog({ event: 'signal', signal });
    }
    await fetch(`http://127.0.0.1:${boot.port}/exit/42`).then((response) => response.text());
    expect(await boot.exit).toMatchObject({ code: 42 });
  });

  test('whose process is killed, or does not end after TERM, ends as server.js does', async () => {
    const killed = await start('node fixtures/killed.cjs', { env: { FIXTURE_SIGNAL: 'SIGKILL' } });
    expect(await killed.boot.exit).toMatchObject({ code: 137 });
    const stubborn = await start('node fixtures/stubborn.cjs', {
      env: { ENTRYPOINT_SHUTDOWN_TIMEOUT: '300ms' },
    });
    await stubborn.boot.waitForServer();
    stubborn.boot.kill('SIGTERM');
    expect(await stubborn.boot.exit).toMatchObject({ code: 137 });
    expect(stubborn.boot.processes()).toEqual([]);
  });

  test('starts when the database is ready, and loads before it only with ENTRYPOINT_PRELOAD=on', async () => {
    const later = await start('node fixtures/polite.cjs');
    await later.boot.waitForServer();
    expect(later.boot.logs.filter(({ event }) => event === 'loading')).toEqual([]);
    const early = await start('node --no-warnings fixtures/recorder.cjs', {
      env: { ENTRYPOINT_PRELOAD: 'on' },
    });
    await early.boot.waitForServer();
    const events = early.boot.logs.map(({ step, event }) => `${step} ${event}`);
    expect(events.indexOf('server loading')).toBeLessThan(events.indexOf('database done'));
    const started = early.boot.logs.find(({ event }) => event === 'started');
    expect(started?.execArgv).toEqual(['--no-warnings']);
  });

  test.skipIf(node24 === undefined).each(['node fixtures/recorder.cjs', 'serve'])(
    'takes over the process with ENTRYPOINT_HANDOVER=exec: %s',
    async (command) => {
      const app = await createApp({ programs: { 'bin/serve': LAUNCHER } });
      const database = await createDatabase();
      const PATH = `${app.path('bin')}:${process.env.PATH}`;
      const env = {
        DATABASE_URL: database.url,
        ENTRYPOINT_SERVER_COMMAND: command,
        ENTRYPOINT_SERVER_DIR: '.',
        ENTRYPOINT_HANDOVER: 'exec',
        PATH,
      };
      const boot = await startBundle({ dir: app.dir, node: node24, cwd: '/', env });
      const started = await boot.waitForLog({ fixture: 'recorder', event: 'started' });
      expect(started).toMatchObject({ pid: boot.pid, cwd: app.dir });
    },
  );
});

describe('what a server command lacks in the image ends the boot with 66 before the database is touched:', () => {
  test.each([
    ['no-such-server', {}, 'there is no program no-such-server in PATH'],
    ['nest start', {}, 'there is no program nest in PATH, though there is node_modules/.bin/nest'],
    ['node dist/main.js', {}, 'there is no file dist/main.js in '],
    ['bin/serve', {}, 'bin/serve needs /no/such/node, which is not in the image'],
    ['node server.js', { ENTRYPOINT_SERVER_DIR: 'apps/api' }, 'apps/api (ENTRYPOINT_SERVER_DIR): expected'],
  ])('%s', async (command, env, got) => {
    const programs = { 'node_modules/.bin/nest': '#!/bin/sh\n', 'bin/serve': '#!/no/such/node\n' };
    const found = await refuse({ ENTRYPOINT_SERVER_COMMAND: command, ...env }, { programs });
    expect(found).toMatchObject({ code: 66, error: { code: 'BUILD_INCOMPLETE' } });
    expect(found.message).toContain(got);
  });
});

test('a program whose dynamic linker is not in the image, as of another Linux, is refused by its name: exit 66', async () => {
  const shell = await readFile('/bin/sh', 'latin1');
  const [linker = ''] = /\/lib[\w/]*\/ld-[\w.-]+/.exec(shell) ?? [];
  expect(linker).not.toBe('');
  const missing = linker.replace('/ld-', '/no-');
  const { code, error, message } = await refuse(
    { ENTRYPOINT_SERVER_COMMAND: 'bin/api' },
    { programs: { 'bin/api': Buffer.from(shell.replace(linker, missing), 'latin1') } },
  );
  expect({ code, error: error?.code }).toEqual({ code: 66, error: 'BUILD_INCOMPLETE' });
  expect(message).toContain(`bin/api needs ${missing}, which is not in the image`);
});

describe('a program that Linux does not run here is refused before the database is touched: exit 66', () => {
  const shell = readFileSync('/bin/sh');
  const built = (at: number, value: number) => {
    const program = Buffer.from(shell);
    program.writeUInt16LE(value, at);
    return program;
  };
  const foreign = process.arch === 'x64' ? (['arm64', 0xb7] as const) : (['x64', 0x3e] as const);
  test.each([
    [
      'of another processor',
      built(18, foreign[1]),
      `was built for ${foreign[0]}, and this is ${process.arch}`,
    ],
    [
      'of an unknown processor',
      built(18, 0xfffe),
      `was built for another processor, and this is ${process.arch}`,
    ],
    ['of a processor that puts the highest byte first', built(4, 0x0202), 'was built for another processor'],
    ['that was copied in part', shell.subarray(0, shell.length >> 1), 'is cut off after'],
    ['of which there is not even the header', shell.subarray(0, 20), 'is cut off after 20 bytes'],
    ['that is empty', Buffer.alloc(0), 'is an empty file'],
  ])('one %s', async (_what, program, got) => {
    const found = await refuse(
      { ENTRYPOINT_SERVER_COMMAND: 'bin/api' },
      { programs: { 'bin/api': program } },
    );
    expect(found).toMatchObject({ code: 66, error: { code: 'BUILD_INCOMPLETE' } });
    expect(found.message).toContain(`bin/api ${got}`);
  });
});

describe('settings that contradict a server command end the boot with 78:', () => {
  test.each([
    ['node a.js && node b.js', {}, 'ENTRYPOINT_SERVER_COMMAND'],
    ['node a.js', { ENTRYPOINT_SERVER: 'server.js' }, 'ENTRYPOINT_SERVER_COMMAND'],
    ['next start', { ENTRYPOINT_PRELOAD: 'on' }, 'ENTRYPOINT_PRELOAD'],
    ['', { ENTRYPOINT_SERVER_DIR: 'apps/api' }, 'ENTRYPOINT_SERVER_DIR'],
    ['node a.js', { ENTRYPOINT_HEALTH_PATH: 'off', ENTRYPOINT_BOOT_PROBE: 'on' }, 'ENTRYPOINT_BOOT_PROBE'],
  ])('%s with %j', async (command, env, what) => {
    const found = await refuse({ ENTRYPOINT_SERVER_COMMAND: command, ...env });
    expect(found).toMatchObject({ code: 78, error: { code: 'CONFIG_INVALID', problems: [{ what }] } });
  });
});

describe('a program between Zarpe and the server is warned of:', () => {
  const MANIFEST = { 'package.json': '{"scripts":{"start":"node fixtures/polite.cjs"}}' };
  const warnings = (logs: { event?: string; msg?: string }[]) =>
    logs.filter(({ event }) => event === 'warning').map(({ msg }) => msg);

  test('a package manager, with what its script runs', async () => {
    const { boot } = await start('npm start', {
      files: MANIFEST,
      programs: { 'bin/npm': '#!/bin/sh\nexec node fixtures/crashing.cjs\n' },
      env: { FIXTURE_EXIT_CODE: '0', PATH: `bin:${process.env.PATH}` },
    });
    expect(await boot.exit).toMatchObject({ code: 0 });
    expect(warnings(boot.logs)).toEqual([
      'ENTRYPOINT_SERVER_COMMAND starts npm, which stays between Zarpe and the server and may neither pass signals on nor return the server’s exit status; write what its script runs: node fixtures/polite.cjs',
    ]);
  });

  test('a shell that does not exec', async () => {
    const env = { FIXTURE_EXIT_CODE: '0' };
    const kept = await start("sh -c 'node fixtures/crashing.cjs; exit 3'", { env });
    expect(await kept.boot.exit).toMatchObject({ code: 3 });
    expect(warnings(kept.boot.logs)).toEqual([expect.stringContaining("sh -c 'exec …'")]);
    const replaced = await start("sh -c 'exec node fixtures/crashing.cjs'", { env });
    expect(await replaced.boot.exit).toMatchObject({ code: 0 });
    expect(warnings(replaced.boot.logs)).toEqual([]);
  });
});

describe('a worker, which listens on no port (ENTRYPOINT_HEALTH_PATH=off),', () => {
  const env = { ENTRYPOINT_HEALTH_PATH: 'off', LOG_LEVEL: 'debug' };

  test('is not asked for an answer, is healthy while it runs, and finishes on TERM', async () => {
    const { app, boot } = await start('node fixtures/worker.cjs', { env });
    await boot.waitForServer();
    expect(boot.logs.filter(({ readyMs }) => readyMs !== undefined)).toEqual([]);
    const health = await runBundle({ dir: app.dir, args: ['healthcheck'], env });
    expect(health).toMatchObject({ code: 0, stdout: expect.stringMatching(/^healthy: nothing listens/) });
    boot.kill('SIGTERM');
    await boot.waitForLog({ event: 'finished' });
    expect(await boot.exit).toMatchObject({ code: 0 });
  });

  test('has no port that `check` could complain about, or that is opened while it is held', async () => {
    const app = await createApp();
    const database = await createDatabase();
    const given = {
      ...env,
      DATABASE_URL: database.url,
      ENTRYPOINT_SERVER_COMMAND: 'node fixtures/worker.cjs',
    };
    const report = await runBundle({ dir: app.dir, args: ['check'], env: given });
    expect(report).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing listens on PORT') });
    const held = await startBundle({
      dir: app.dir,
      env: { ...given, ENTRYPOINT_SERVER_COMMAND: 'node fixtures/none.cjs', ENTRYPOINT_HOLD: '1h' },
    });
    await held.waitForLog({ event: 'held' });
    await expect(
      new Promise((resolve, reject) =>
        connect(held.port, '127.0.0.1', () => resolve('open')).on('error', reject),
      ),
    ).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    held.kill('SIGTERM');
    expect(await held.exit).toMatchObject({ code: 66 });
  });
});

test('a program that is removed while the boot waits is named: 66', async () => {
  const app = await createApp({ programs: { 'bin/serve': LAUNCHER } });
  const database = await createDatabase({});
  const seed = "node -e \"require('fs').rmSync('bin/serve')\"";
  const env = {
    DATABASE_URL: database.url,
    ENTRYPOINT_SERVER_COMMAND: 'bin/serve',
    ENTRYPOINT_SEED: 'always',
    ENTRYPOINT_SEED_COMMAND: seed,
  };
  const { code, logs } = await runBundle({ dir: app.dir, env });
  expect(code).toBe(66);
  expect(logs.at(-1)).toMatchObject({
    error: { code: 'SERVER_UNSTARTABLE' },
    msg: expect.stringContaining('there is no program'),
  });
});
