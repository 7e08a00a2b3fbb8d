import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect, test, vi } from 'vitest';
import { onCleanup } from '../helpers/cleanup.ts';
import { createDatabase } from '../helpers/database.ts';
import { closedPort, freePort } from '../helpers/ports.ts';

const WAIT = { timeout: 20_000, interval: 50 };

test('is healthy where the database answers', async () => {
  const before = Date.now();
  const database = await createDatabase();
  const response = await untilHealthy(await healthOf(database.url));
  expect(response.headers.get('cache-control')).toBe('no-store');
  const { timestamp, ...body } = await response.json();
  expect(body).toEqual({ status: 'healthy', database: 'connected' });
  expect(new Date(timestamp).toISOString()).toBe(timestamp);
  expect(Date.parse(timestamp)).toBeGreaterThanOrEqual(before);
  expect(Date.parse(timestamp)).toBeLessThanOrEqual(Date.now());
});

test('holds one connection, however many ask', async () => {
  const database = await createDatabase();
  const health = await healthOf(database.url);
  await untilHealthy(health);
  await Promise.all(Array.from({ length: 50 }, health));
  await vi.waitFor(async () => {
    const rows = await database.admin('SELECT pid FROM pg_stat_activity WHERE datname = $1', [database.name]);
    expect(rows).toHaveLength(1);
  }, WAIT);
});

test('is healthy again after its connection was cut', async () => {
  const database = await createDatabase();
  const health = await healthOf(database.url);
  await untilHealthy(health);
  await database.admin('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [
    database.name,
  ]);
  await untilHealthy(health);
});

test('is unhealthy where nothing listens', async () => {
  const health = await healthOf(`postgresql://app:pw@127.0.0.1:${await closedPort()}/app`);
  const response = await health();
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ status: 'unhealthy', database: 'disconnected' });
});

test('is unhealthy without a database to ask', async () => {
  const health = await healthOf('');
  expect((await health()).status).toBe(503);
});

test.each(['prefer', 'disable'])(
  'answers for a database that hangs, and lets its connection go (sslmode=%s)',
  async (mode) => {
    const { port, sockets } = await listenInSilence();
    const health = await healthOf(`postgresql://app:pw@127.0.0.1:${port}/app?sslmode=${mode}`);
    const responses = await Promise.all([health(), health(), health()]);
    expect(responses.map(({ status }) => status)).toEqual([503, 503, 503]);
    await vi.waitFor(() => expect(sockets).toHaveLength(1), WAIT);
    await Promise.all(sockets.map((socket) => socket.closed || once(socket, 'close')));
  },
);

test('answers for a database that hangs on an open connection, and notices when it goes on', async () => {
  const database = await createDatabase();
  const relay = await relayTo(database.port);
  const url = new URL(database.url);
  url.port = String(relay.port);
  const health = await healthOf(url.href);
  await untilHealthy(health);
  relay.freeze();
  expect((await health()).status).toBe(503);
  expect((await health()).status).toBe(503);
  relay.thaw();
  await untilHealthy(health);
});

/** The route in a process that has just begun, with the database it was given. */
async function healthOf(url: string): Promise<() => Promise<Response>> {
  vi.resetModules();
  vi.stubEnv('DATABASE_URL', url);
  onCleanup(() => void vi.unstubAllEnvs());
  const { GET } = await import('../../app/api/health/route.ts');
  return GET;
}

/** On a machine that is busy enough, a healthy database may miss the deadline too. */
function untilHealthy(health: () => Promise<Response>): Promise<Response> {
  return vi.waitFor(async () => {
    const response = await health();
    expect(response.status).toBe(200);
    return response;
  }, WAIT);
}

/** Takes connections and says nothing, as a database does that has been stopped or lost its disk. */
async function listenInSilence() {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.resume().on('error', () => undefined));
  });
  const port = await freePort();
  await once(server.listen(port, '127.0.0.1'), 'listening');
  onCleanup(() => void server.close());
  return { port, sockets };
}

/** A way to the database that can be held up, with what is under way on it. */
async function relayTo(databasePort: number) {
  const sockets = new Set<Socket>();
  const state = { frozen: false };
  const join = (from: Socket, to: Socket) => {
    sockets.add(from);
    from.pipe(to).on('error', () => undefined);
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
  };
  const server = createServer((client) => {
    const upstream = connect(databasePort, '127.0.0.1');
    join(client, upstream);
    join(upstream, client);
    if (state.frozen) for (const socket of [client, upstream]) socket.pause();
  });
  const port = await freePort();
  await once(server.listen(port, '127.0.0.1'), 'listening');
  onCleanup(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const freeze = () => {
    state.frozen = true;
    for (const socket of sockets) socket.pause();
  };
  const thaw = () => {
    state.frozen = false;
    for (const socket of sockets) socket.resume();
  };
  return { port, freeze, thaw };
}
