import { once } from 'node:events';
import { openSocket } from './open-socket.ts';
import type { Session } from './session.ts';

/** Protocol code 1234.5678. */
const CANCEL_REQUEST = 80_877_102;
const TIMEOUT_MS = 5000;

/**
 * Asks the server to cancel what a session is running, as Ctrl-C in psql does. Needs no connection slot, and a pooler
 * hands it on to the backend that works for the session. Never throws: a request is all it is.
 * @see https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS
 */
export async function requestCancel({ client, settings }: Session): Promise<void> {
  if (!('processID' in client && 'secretKey' in client)) return;
  const message = Buffer.alloc(16);
  message.writeInt32BE(message.length, 0);
  message.writeInt32BE(CANCEL_REQUEST, 4);
  message.writeInt32BE(Number(client.processID), 8);
  message.writeInt32BE(Number(client.secretKey), 12);
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const { socket } = await openSocket(settings, settings.tls.mode, signal);
    socket.write(message);
    // The other side closes when it is done, as libpq waits for too: PgBouncer 1.18 dies of a client that does not wait.
    await once(socket.resume(), 'end', { signal }).finally(() => socket.destroy());
  } catch {
    // The script goes on; it may be asked again.
  }
}
