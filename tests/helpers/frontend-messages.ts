/**
 * What clients say to PostgreSQL, message by message.
 *
 *     const wire = await watchFrontend(database);         // anything with a host and a port
 *     wire.through(database.url)                          // the same URL by way of it
 *     wire.connections                                    // a list of message types a connection, after the startup
 *     wire.statements                                     // a list of the SQL a connection, simple and prepared
 *
 * `Q` is a simple query and `S` the end of an extended one: each is a round trip. `p` belongs to the login, `X` ends.
 * @see https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
import { once } from 'node:events';
import { createConnection, createServer } from 'node:net';
import { onCleanup } from './cleanup.ts';

const LENGTH_BYTES = 4;
const SSL_REQUEST = 80877103;

export async function watchFrontend(target: { host: string; port: number }) {
  const connections: string[][] = [];
  const statements: string[][] = [];
  const server = createServer((client) => {
    const types: string[] = [];
    const sql: string[] = [];
    connections.push(types);
    statements.push(sql);
    const upstream = createConnection(target.port, target.host);
    const read = createReader((type, body) => {
      types.push(type);
      const texts = body.toString('utf8').split('\0');
      // A prepared statement has its name first.
      if (type === 'Q' || type === 'P') sql.push(texts[type === 'Q' ? 0 : 1] ?? '');
    });
    client.on('data', read).pipe(upstream).pipe(client);
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onCleanup(() => void server.close());
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    connections,
    statements,
    through(url: string) {
      const routed = new URL(url);
      routed.hostname = '127.0.0.1';
      routed.port = String(port);
      return routed.href;
    },
  };
}

/** Messages have a type, but for the ones before the login: those are a length and a code. */
function createReader(onMessage: (type: string, body: Buffer) => void) {
  let pending = Buffer.alloc(0);
  let started = false;
  return (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    for (;;) {
      const head = started ? 1 : 0;
      if (pending.length < head + LENGTH_BYTES) return;
      const end = head + pending.readInt32BE(head);
      if (pending.length < end) return;
      if (started) onMessage(pending.toString('latin1', 0, 1), pending.subarray(head + LENGTH_BYTES, end));
      else started = pending.readInt32BE(LENGTH_BYTES) !== SSL_REQUEST;
      pending = pending.subarray(end);
    }
  };
}
