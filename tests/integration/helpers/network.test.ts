import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createDatabase } from '../../helpers/database.ts';
import { closedPort, createProxy, freePort, silentServer } from '../../helpers/network.ts';

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** How a connection ends, and what it received. */
async function ending(socket: Socket): Promise<{ received: number; error: string | undefined }> {
  let received = 0;
  let error: string | undefined;
  socket.on('data', (chunk: Buffer) => {
    received += chunk.length;
  });
  socket.on('error', (cause: NodeJS.ErrnoException) => {
    error = cause.code;
  });
  await new Promise((resolve) => socket.once('close', resolve));
  return { received, error };
}

/** A connection that has sent the server's first question (may we speak TLS?) and has not had its answer. */
async function ask(port: number): Promise<Socket> {
  const socket = await open(port);
  socket.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]));
  return socket;
}

describe('createProxy', () => {
  test('lets a client and its server talk as if it were not there', async () => {
    const database = await createDatabase();
    const proxy = await createProxy(database);
    const client = await database.connect(proxy.through(database.url));
    const { rows } = await client.query("SELECT repeat('x', 1000000) AS text");
    expect(rows[0].text).toHaveLength(1_000_000);
    await proxy.waitForClientText(/SELECT repeat/);
    expect(proxy).toMatchObject({ accepted: 1, connections: 1 });
  });

  test('refuses new connections, keeps the present ones, and takes new ones again when healed', async () => {
    const database = await createDatabase();
    const proxy = await createProxy(database);
    const client = await database.connect(proxy.through(database.url));
    proxy.refuse();
    await expect(open(proxy.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await client.query('SELECT 1');
    await proxy.heal();
    await open(proxy.port);
  });

  test('resets what is open and what comes', async () => {
    const proxy = await createProxy(await createDatabase());
    const present = await open(proxy.port);
    await proxy.waitForConnection();
    const ended = ending(present);
    proxy.reset();
    expect(await ended).toMatchObject({ error: 'ECONNRESET' });
    expect(await ending(connect(proxy.port, '127.0.0.1'))).toMatchObject({ error: 'ECONNRESET' });
  });

  test('cuts in the middle of a packet', async () => {
    const database = await createDatabase();
    const proxy = await createProxy(database);
    const client = await database.connect(proxy.through(database.url));
    proxy.cutAfterBytes(500);
    await expect(client.query("SELECT repeat('x', 1000) AS text")).rejects.toThrow();
  });

  test('holds everything back as a black hole, and gives it back when healed', async () => {
    const proxy = await createProxy(await createDatabase());
    proxy.blackhole();
    const socket = await ask(proxy.port);
    await proxy.waitForClientText(/./);
    expect(socket.bytesRead).toBe(0);
    const answered = once(socket, 'data');
    await proxy.heal();
    expect((await answered)[0].toString()).toBe('N');
  });

  test('takes connections in silence until healed', async () => {
    const proxy = await createProxy(await createDatabase());
    proxy.silent();
    const quiet = await ask(proxy.port);
    await proxy.waitForConnection();
    await proxy.heal();
    const socket = await ask(proxy.port);
    expect((await once(socket, 'data'))[0].toString()).toBe('N');
    expect(quiet.bytesRead).toBe(0);
  });

  test('delays without changing the data', async () => {
    const database = await createDatabase();
    const proxy = await createProxy(database);
    proxy.latency(20);
    const client = await database.connect(proxy.through(database.url));
    const { rows } = await client.query('SELECT generate_series(1, 3) AS n');
    expect(rows).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  });
});

test('a silent server takes a connection and says nothing', async () => {
  const server = await silentServer();
  const socket = await ask(server.port);
  expect(server.connections()).toBe(1);
  expect(socket.bytesRead).toBe(0);
});

test('a closed port refuses, and no port is given twice', async () => {
  await expect(open(await closedPort())).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  const ports = await Promise.all(Array.from({ length: 50 }, freePort));
  expect(new Set(ports).size).toBe(50);
});
