import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** Frontend messages that the server answers and the client waits for: a simple query, the end of an extended one. */
const ROUND_TRIPS = new Set(['Q', 'S', 'F']);
const UNTYPED_CODES = new Set([80877103, 80877104]);

/**
 * Stands between a client and PostgreSQL, and counts what is asked once a connection is made.
 * @param {number} target the server's port
 */
export async function countQueries(target) {
  const counts = { connections: 0, roundTrips: 0 };
  const server = createServer((client) => {
    counts.connections += 1;
    const upstream = connect(target, '127.0.0.1');
    const read = readMessages((type) => {
      if (ROUND_TRIPS.has(type)) counts.roundTrips += 1;
    });
    client.on('data', read).on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
    client.pipe(upstream).pipe(client);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port was given.');
  return { port: address.port, counts, close: () => server.close() };
}

/**
 * Takes what a client sends apart into messages, however it is cut into packets.
 * @param {(type: string) => void} onMessage
 * @returns {(chunk: Buffer) => void}
 */
function readMessages(onMessage) {
  let started = false;
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const header = started ? 1 : 0;
      if (rest.length < header + 4) return;
      const length = header + rest.readInt32BE(header);
      if (rest.length < length) return;
      if (started) onMessage(String.fromCharCode(rest[0] ?? 0));
      // The first message has no type: the start itself, or a question about encryption that comes before it.
      else started = !UNTYPED_CODES.has(rest.readInt32BE(4));
      rest = rest.subarray(length);
    }
  };
}
