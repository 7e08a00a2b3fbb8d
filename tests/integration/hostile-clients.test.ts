import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { type BundleProcess, startBundle } from '../helpers/bundle.ts';
import { onCleanup } from '../helpers/cleanup.ts';
import { createDatabase } from '../helpers/database.ts';
import { createStandalone } from '../helpers/standalone.ts';

const LINE = 'GET / HTTP/1.1\r\nHost: x\r\n';
/** What clients send that are no probes; none of it says goodbye. */
const ODD_REQUESTS = {
  'a path that is no URL': 'GET // HTTP/1.1\r\nHost: x\r\n\r\n',
  'a host that is no host': 'GET http://[/ HTTP/1.1\r\nHost: [\r\n\r\n',
  'a path of NUL and worse': 'GET /\0\xff\ud800 HTTP/1.1\r\nHost: x\r\n\r\n',
  'no HTTP': '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03',
  'half a request': LINE,
  'a body that never comes': `${LINE}Content-Length: 1000000\r\n\r\nabc`,
  'two lengths': `${LINE}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc`,
  'chunks that are none': `${LINE}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
  'a hundred requests at once': `${LINE}\r\n`.repeat(100),
  'a header without end': `${LINE}X: ${'y'.repeat(200_000)}`,
  'an upgrade': `${LINE}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
  'a tunnel': 'CONNECT db:5432 HTTP/1.1\r\nHost: db:5432\r\n\r\n',
  'an expectation': `${LINE}Expect: the-unexpected\r\n\r\n`,
};

/** Sends bytes, and neither reads nor ends: what comes of the connection is the other side's to see to. */
async function send(port: number, bytes: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  onCleanup(() => void socket.destroy());
  socket.on('error', () => undefined);
  const settled = Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => undefined);
  if (bytes !== '') socket.write(Buffer.from(bytes, 'latin1'));
  await settled;
  return socket;
}

async function pester(port: number, requests: number, idle: number): Promise<void> {
  const odd = Object.values(ODD_REQUESTS);
  await Promise.all(Array.from({ length: idle }, () => send(port, '')));
  for (let sent = 0; sent < requests; sent += 100) {
    const batch = Array.from({ length: 100 }, (_, at) => send(port, odd[(sent + at) % odd.length] ?? ''));
    for (const socket of await Promise.all(batch)) if (Math.random() < 0.8) socket.destroy();
  }
}

async function status(port: number, path: string): Promise<number> {
  return (await fetch(`http://127.0.0.1:${port}${path}`)).status;
}

/** A boot that answers probes while it waits for the lock. */
async function startProbed() {
  const app = await createStandalone();
  const database = await createDatabase();
  const release = await database.holdBootLock();
  const env = { DATABASE_URL: database.url, ENTRYPOINT_BOOT_PROBE: 'on' };
  const boot = await startBundle({ dir: app.dir, env });
  await boot.waitForLog({ step: 'lock', event: 'waiting' });
  return { boot, release };
}

async function startHeld(): Promise<BundleProcess> {
  const app = await createStandalone();
  const boot = await startBundle({ dir: app.dir, env: { ENTRYPOINT_HOLD: '10m' } });
  await boot.waitForLog({ event: 'held' });
  return boot;
}

describe('while probes are answered', () => {
  test.each(Object.entries(ODD_REQUESTS))('%s stops neither the boot nor the answers', async (_, bytes) => {
    const { boot, release } = await startProbed();
    await send(boot.port, bytes);
    expect(await status(boot.port, '/api/health/live')).toBe(200);
    await release();
    await boot.waitForServer();
    boot.kill();
    expect(await boot.exit).toMatchObject({ code: 143 });
  });

  test('10,000 odd requests and 500 idle connections change nothing', async () => {
    const { boot, release } = await startProbed();
    await pester(boot.port, 10_000, 500);
    expect(await status(boot.port, '/api/health/live')).toBe(200);
    expect(await status(boot.port, '//')).toBe(503);
    await release();
    await boot.waitForServer();
    expect(boot.logs.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
    boot.kill();
    expect(await boot.exit).toMatchObject({ code: 143 });
  }, 180_000);

  test('idle connections keep no signal from ending the boot', async () => {
    const { boot } = await startProbed();
    await pester(boot.port, 0, 500);
    boot.kill();
    expect(await boot.exit).toMatchObject({ code: 143 });
  });
});

describe('while the container is held', () => {
  test('1,000 odd requests and 500 idle connections leave its status, and TERM ends it', async () => {
    const boot = await startHeld();
    await pester(boot.port, 1000, 500);
    expect(await status(boot.port, '/api/health')).toBe(503);
    boot.kill();
    expect(await boot.exit).toMatchObject({ code: 78 });
  });

  test('whoever asks learns the code, the step and the time on the health path, and nothing elsewhere', async () => {
    const { port } = await startHeld();
    const ask = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`);
      return [response.status, await response.json()];
    };
    expect(await ask('/api/health?verbose')).toEqual([
      503,
      { status: 'failed', code: 'CONFIG_INVALID', step: 'config', at: expect.stringMatching(/^20\d\d-.*Z$/) },
    ]);
    for (const path of ['/', '//', '/api/health/live', '/api/health/'])
      expect(await ask(path)).toEqual([503, {}]);
  });
});
