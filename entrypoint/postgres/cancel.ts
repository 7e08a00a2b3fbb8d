import { once } from 'node:events';
import { backendKey } from './backend-key.ts';
import { openSocket } from './open-socket.ts';
import type { Session } from './session.ts';

/** Protocol code 1234.5678. */
const CANCEL_REQUEST = 80_877_102;
const TIMEOUT_MS = 5000;

/**
 * Asks the server to cancel the current query of a session, as Ctrl-C in psql does. Needs no connection slot, and a
 * pooler forwards it to the backend of the session. Never throws: the server may ignore the request in any case.
 * @see https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS
 */
export async function requestCancel({ client, settings }: Session): Promise<void> {
  const { pid, secret } = backendKey(client);
  if (pid === null || secret === null) return;
  const message = Buffer.alloc(16);
  message.writeInt32BE(message.length, 0);
  message.writeInt32BE(CANCEL_REQUEST, 4);
  message.writeInt32BE(pid, 8);
  message.writeInt32BE(secret, 12);
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const { socket } = await openSocket(settings, settings.tls.mode, signal);
    socket.write(message);
    // libpq waits for the server to close, too; PgBouncer 1.18 crashes if a client does not.
    await once(socket.resume(), 'end', { signal }).finally(() => socket.destroy());
  } catch {
    // The query continues; the caller may send another request.
  }
}
