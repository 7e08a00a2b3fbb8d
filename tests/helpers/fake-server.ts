/**
 * A server that says what it is told to, whatever it is asked: one answer for each time the client speaks.
 *
 *     const { port } = await fakeServer(['N', authentication(7)]);      // to its wish for TLS, to its startup message
 *     const { port } = await fakeServer(HEALTHY);                       // all that `entrypoint.js wait` asks for
 *
 * @see https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { onCleanup } from './cleanup.ts';

export type Answer = string | Buffer;

export interface FakeServer {
  port: number;
  /** What clients sent, all of it. */
  heard(): Buffer;
  /** One with other answers from now on. */
  say(answers: readonly Answer[]): void;
}

export async function fakeServer(first: readonly Answer[]): Promise<FakeServer> {
  let answers = first;
  const heard: Buffer[] = [];
  const clients = new Set<Socket>();
  const server = createServer((client) => {
    clients.add(client);
    const left = [...answers];
    client.on('error', () => undefined).on('close', () => clients.delete(client));
    client.on('data', (chunk) => {
      heard.push(chunk);
      const answer = left.shift();
      if (answer !== undefined) client.write(answer);
      // What it has nothing to say to ends the connection.
      else client.destroy();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onCleanup(() => {
    for (const client of clients) client.destroy();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    port,
    heard: () => Buffer.concat(heard),
    say: (next) => {
      answers = next;
    },
  };
}

/** A message of the server: its type, its length, its parts; a number is one of 32 bits. */
export function message(type: string, ...parts: (Answer | number)[]): Buffer {
  const body = Buffer.concat(
    parts.map((part) => (typeof part === 'number' ? int32(part) : Buffer.from(part))),
  );
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

export function authentication(code: number, ...parts: Answer[]): Buffer {
  return message('R', code, ...parts);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function int16(value: number): Buffer {
  return int32(value).subarray(2);
}

const JSON_TYPE = 114;
const READY = message('Z', 'I');
const FACTS = JSON.stringify({
  server: { version: '17.0', versionNum: 170000, standby: false, readOnly: false, role: 'app', pid: 7 },
  schema: 'public',
  namespaceOwner: null,
  unusualHistory: null,
  history: null,
  seedTable: null,
  seedReason: null,
  seedOwner: null,
  seedRows: null,
});
const COLUMN = Buffer.concat([
  Buffer.from('facts\0'),
  int32(0),
  int16(0),
  int32(JSON_TYPE),
  int16(-1),
  int32(-1),
  int16(0),
]);

/** Message by message what a server without TLS and without a password says to `wait`. */
export const HEALTHY: readonly (readonly Buffer[])[] = [
  [Buffer.from('N')],
  [authentication(0), message('S', 'server_version\0', '17.0\0'), message('K', 7, 1), READY],
  [
    message('C', 'SET\0'),
    message('C', 'SET\0'),
    message('T', int16(1), COLUMN),
    message('D', int16(1), FACTS.length, FACTS),
    message('C', 'SELECT 1\0'),
    READY,
  ],
];
