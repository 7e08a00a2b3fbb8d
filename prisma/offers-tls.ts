import { Socket } from 'node:net';

/** @see https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-SSLREQUEST */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
const YES = 'S'.charCodeAt(0);

/** Asks a server whether it speaks TLS; over a Unix socket nobody does. Rejects after `timeout` milliseconds. */
export async function offersTls(host: string, port: number, timeout: number): Promise<boolean> {
  if (host.startsWith('/')) return false;
  const socket = new Socket({ signal: AbortSignal.timeout(timeout) }).connect({ host, port });
  socket.write(SSL_REQUEST);
  for await (const answer of socket) return answer[0] === YES;
  throw new Error(`${host}:${port} closed the connection.`);
}
