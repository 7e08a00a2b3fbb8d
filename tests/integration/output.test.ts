import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { createConnection, createServer, Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { type BundleProcess, runBundle, startBundle } from '../helpers/bundle.ts';
import { onCleanup } from '../helpers/cleanup.ts';
import { createDatabase } from '../helpers/database.ts';
import { findNode } from '../helpers/node-versions.ts';
import { OutputLines } from '../helpers/output-lines.ts';
import { createStandalone, type StandaloneOptions } from '../helpers/standalone.ts';

const node24 = findNode(24);

class OutputReader extends OutputLines {
  constructor(stream: Readable) {
    super();
    this.read(stream, 'stdout');
  }
}

/** Those that the test has not closed: a number that is closed twice may be another file's by then. */
const opened = new Set<number>();

function open(path: string, flags: number): number {
  const fd = openSync(path, flags);
  opened.add(fd);
  onCleanup(() => close(fd));
  return fd;
}

function close(fd: number): void {
  if (opened.delete(fd)) closeSync(fd);
}

function descriptorOf(socket: Socket): number {
  const { _handle } = socket as unknown as { _handle: { fd: number } };
  return _handle.fd;
}

/** Reads to the end, and closes. */
function streamOf(fd: number): Socket {
  opened.delete(fd);
  return new Socket({ fd });
}

/** A pipe whose reader is a test that reads when it likes. */
async function createPipe() {
  const { path } = await createStandalone();
  const fifo = path('pipe');
  await once(spawn('mkfifo', [fifo]), 'exit');
  const reader = open(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  return { fifo, reader, writer: open(fifo, constants.O_WRONLY) };
}

async function start(stdout: number, options: StandaloneOptions = {}, env: Record<string, string> = {}) {
  const app = await createStandalone({ ...options, files: { 'server.js': QUIET_SERVER, ...options.files } });
  const database = await createDatabase();
  const boot = await startBundle({ dir: app.dir, stdout, env: { DATABASE_URL: database.url, ...env } });
  return { boot, database, app };
}

async function serves(boot: BundleProcess): Promise<void> {
  const ask = () =>
    fetch(`http://127.0.0.1:${boot.port}/`).then(
      ({ status }) => status,
      () => 0,
    );
  await expect.poll(ask).toBe(200);
}

/** Prints nothing: what becomes of its own output is its own affair. */
const QUIET_SERVER = `
  import('node:http').then(({ createServer }) => {
    createServer((_, response) => response.end()).listen(Number(process.env.PORT), process.env.HOSTNAME);
    process.on('SIGTERM', () => process.exit(143));
  });
`;

/** Prints 20 MB, on one line and on many, and then makes a user. */
const LOUD_SEED = `
  process.stdout.write('x'.repeat(5e6) + '\\n');
  for (let line = 0; line < 150_000; line += 1) process.stdout.write(line + ' '.repeat(90) + '\\n');
  import('./fixtures/seed.mjs');
`;

describe('output that cannot be written', () => {
  test('because its disk is full stops neither the boot nor the server, and TERM ends both', async () => {
    const { boot, database } = await start(open('/dev/full', constants.O_WRONLY), { seed: 'works' });
    await serves(boot);
    expect(await database.migrations()).toHaveLength(1);
    boot.kill();
    expect(await boot.exit).toMatchObject({ code: 143 });
  });

  test('leaves a failure its status', async () => {
    const { boot } = await start(open('/dev/full', constants.O_WRONLY), {
      migrations: { '0001': 'SELECT broken' },
    });
    expect(await boot.exit).toMatchObject({ code: 65 });
  });

  test('because its reader has gone stops neither the boot nor the server', async () => {
    const { reader, writer } = await createPipe();
    close(reader);
    const { boot } = await start(writer);
    await serves(boot);
    boot.kill();
    expect(await boot.exit).toMatchObject({ code: 143 });
  });

  test('because its reader was restarted goes on to the next reader', async () => {
    const { fifo, reader, writer } = await createPipe();
    const first = streamOf(reader);
    const { boot } = await start(writer);
    await once(first, 'data');
    await once(first.destroy(), 'close');
    await serves(boot);
    const next = new OutputReader(streamOf(open(fifo, constants.O_RDONLY | constants.O_NONBLOCK)));
    boot.kill();
    await next.waitForLog({ step: 'server', event: 'done' });
    expect(await boot.exit).toMatchObject({ code: 143 });
  });

  test('because its terminal was closed ends the process, and everything that it started', async () => {
    const app = await createStandalone({ server: 'stubborn' });
    const database = await createDatabase();
    const boot = await startBundle({
      dir: app.dir,
      terminal: true,
      env: { DATABASE_URL: database.url, ENTRYPOINT_SHUTDOWN_TIMEOUT: '100ms' },
    });
    await boot.waitForServer();
    boot.kill('SIGKILL');
    await expect.poll(() => boot.processes()).toEqual([]);
  });
});

test.each(node24 === undefined ? ['spawn'] : ['spawn', 'exec'])(
  'a pipe whose reader is late gets all of what a server that is not Node.js writes, handover %s',
  async (handover) => {
    const { reader, writer } = await createPipe();
    const { dir } = await createStandalone();
    const env = {
      ENTRYPOINT_DATABASE: 'off',
      ENTRYPOINT_HANDOVER: handover,
      ENTRYPOINT_SERVER_COMMAND: 'dd if=/dev/zero bs=1M count=1',
    };
    const boot = await startBundle({ dir, node: node24, stdout: writer, env });
    close(writer);
    await expect.poll(() => boot.processes().some(({ command }) => command.includes('dd if='))).toBe(true);
    const output = await text(streamOf(reader));
    expect(output.split('\0')).toHaveLength(2 ** 20 + 1);
    expect(await boot.exit).toMatchObject({ code: 0 });
  },
);

describe('a reader of the log that stops', () => {
  test('loses lines, which the log reports, and stops neither a boot, nor a seed, nor the server', async () => {
    const { reader, writer } = await createPipe();
    const { boot, database } = await start(
      writer,
      {
        seed: 'works',
        files: { 'loud.js': LOUD_SEED },
      },
      { ENTRYPOINT_SEED_COMMAND: 'node loud.js' },
    );
    close(writer);
    await serves(boot);
    expect(await database.query('SELECT count(*) > 0 AS seeded FROM users')).toEqual([{ seeded: true }]);
    const rss = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${boot.pid}/status`, 'utf8'))?.[1]);
    expect(rss).toBeLessThan(400_000);
    const log = new OutputReader(streamOf(reader));
    expect(await log.waitForLog({ event: 'missing' })).toMatchObject({
      level: 'warn',
      lines: expect.any(Number),
    });
    boot.kill();
    expect(await boot.exit).toMatchObject({ code: 143 });
    await log.waitForLog({ step: 'server', event: 'done' });
  });

  test('for good keeps no signal from ending the boot', async () => {
    const { writer } = await createPipe();
    const { boot } = await start(
      writer,
      { files: { 'loud.js': LOUD_SEED }, seed: 'works' },
      {
        ENTRYPOINT_SEED_COMMAND: 'node loud.js',
      },
    );
    await serves(boot);
    boot.kill();
    expect(await boot.exit).toMatchObject({ code: 143 });
  });
});

test('a reader at a socket that stalls, reads a little and stalls again keeps no signal from the server', async () => {
  const { path } = await createStandalone();
  const listener = createServer({ pauseOnConnect: true }).listen(path('log.sock'));
  onCleanup(() => void listener.close());
  const writer = createConnection(path('log.sock'));
  const [reader] = (await once(listener, 'connection')) as [Socket];
  onCleanup(() => void reader.destroy());
  const { boot } = await start(
    descriptorOf(writer),
    { files: { 'loud.js': LOUD_SEED }, seed: 'works' },
    { ENTRYPOINT_SEED_COMMAND: 'node loud.js', ENTRYPOINT_PRELOAD: 'off' },
  );
  writer.destroy();
  await serves(boot);
  reader.resume();
  await once(reader, 'data');
  reader.pause();
  boot.kill();
  expect(await boot.exit).toMatchObject({ code: 143 });
});

describe('a result', () => {
  test('that is not read to its end is no failure', async () => {
    const app = await createStandalone();
    const { reader, writer } = await createPipe();
    close(reader);
    for (const args of [
      ['explain'],
      ['explain', '--json'],
      ['--help'],
      ['check', '--json', '--skip-database'],
    ]) {
      const boot = await startBundle({ dir: app.dir, args, stdout: writer });
      expect(await boot.exit).toMatchObject({ code: 0 });
      expect(boot.stderr).toBe('');
    }
  });

  test('is whole, however late it is read', async () => {
    const app = await createStandalone();
    const { reader, writer } = await createPipe();
    const whole = await runBundle({ dir: app.dir, args: ['explain', '--json'] });
    const boot = await startBundle({ dir: app.dir, args: ['explain', '--json'], stdout: writer });
    close(writer);
    expect(await text(streamOf(reader))).toBe(whole.stdout);
    expect(await boot.exit).toMatchObject({ code: 0 });
  });

  test('that cannot be written is a failure that says so', async () => {
    const app = await createStandalone();
    const full = open('/dev/full', constants.O_WRONLY);
    const boot = await startBundle({ dir: app.dir, args: ['explain'], stdout: full });
    expect(await boot.exit).toMatchObject({ code: 75 });
    expect(boot.stderr).toContain(
      'Could not write the result to standard output: ENOSPC: no space left on device',
    );
  });
});
