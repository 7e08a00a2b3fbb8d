/**
 * What a broken or hostile server may make of its messages.
 *
 *     damage(messages, random);                                  // one of them, in place
 *     const proxy = await garblingProxy(database, 25, random);   // one of the first 25 answers of each connection
 *     proxy.through(database.url), proxy.story()
 */
import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';
import { onCleanup } from '../../helpers/cleanup.ts';
import { authentication, message } from '../../helpers/fake-server.ts';
import type { PostgresAddress } from '../../helpers/postgres-server.ts';
import type { Random } from './random.ts';

const TYPES = [...'RSKZENTDC123ntGHdcvAIW~\0'];

/** Damages one message: bits, lengths, order; it is lost, doubled, cut, or one made up stands beside it. */
export function damage(messages: Buffer[], random: Random): void {
  const index = random.below(messages.length);
  const hit = Buffer.from(messages[index] ?? '');
  switch (random.below(8)) {
    case 0:
      if (hit.length > 0) hit.writeUInt8(random.below(256), random.below(hit.length));
      messages[index] = hit;
      break;
    case 1:
      if (hit.length >= 5) hit.writeUInt32BE(random.pick([0, 3, 4, 5, 9, 0xffff, 0x7fffffff, 0xffffffff]), 1);
      messages[index] = hit;
      break;
    case 2:
      if (hit.length > 0) hit.write(random.pick(TYPES), 0, 'latin1');
      messages[index] = hit;
      break;
    case 3:
      messages.splice(index, 1);
      break;
    case 4:
      messages.splice(index, 0, hit);
      break;
    case 5:
      messages[index] = hit.subarray(0, random.below(hit.length + 1));
      break;
    case 6:
      messages.splice(index, 0, message(random.pick(TYPES), noise(random)));
      break;
    default:
      messages.splice(
        index,
        0,
        random.chance(0.5) ? noise(random) : authentication(random.below(14), noise(random)),
      );
  }
}

export async function garblingProxy({ host, port }: PostgresAddress, mostAnswers: number, random: Random) {
  const sockets = new Set<Socket>();
  const told: string[] = [];
  const server = createServer((client) => {
    const upstream = createConnection({ host, port });
    let left = 1 + random.below(mostAnswers);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => other.destroy());
    }
    client.on('data', (chunk) => upstream.write(chunk));
    upstream.on('data', (chunk) => {
      left -= 1;
      if (left !== 0) return client.write(chunk);
      const messages = splitMessages(chunk);
      damage(messages, random);
      const garbled = Buffer.concat(messages);
      told.push(
        `${JSON.stringify(chunk.toString('latin1'))} became ${JSON.stringify(garbled.toString('latin1'))}`,
      );
      return client.write(garbled);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onCleanup(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  const own = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    through(url: string): string {
      const rewritten = new URL(url);
      rewritten.host = `127.0.0.1:${own}`;
      return rewritten.href;
    },
    story: () => told.join('\n'),
  };
}

/** What of a chunk are whole messages, and the rest as one. */
function splitMessages(chunk: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  let start = 0;
  while (start + 5 <= chunk.length) {
    const end = start + 1 + chunk.readUInt32BE(start + 1);
    if (end > chunk.length) break;
    messages.push(chunk.subarray(start, end));
    start = end;
  }
  if (start < chunk.length || messages.length === 0) messages.push(chunk.subarray(start));
  return messages;
}

function noise(random: Random): Buffer {
  return Buffer.from(Array.from({ length: random.below(40) }, () => random.below(256)));
}
