import { once } from 'node:events';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Fails where something listens on the port already; a port that is none is for the entrypoint to refuse.
 * @param {number} port
 */
export async function ensurePortIsFree(port) {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return;
  const server = createServer();
  try {
    await once(server.listen(port, '0.0.0.0'), 'listening');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    const reason = error.code === 'EADDRINUSE' ? 'is taken' : `cannot be used (${error.code})`;
    throw new Error(
      `port ${port} ${reason}. Choose another: PORT=${port + 1} npm ${process.env.npm_lifecycle_event === 'dev' ? 'run dev' : 'start'}`,
      { cause: error },
    );
  }
  server.close();
  await once(server, 'close');
}

/**
 * Says where to open the app as soon as the page is there.
 * @param {number} port
 * @param {AbortSignal} signal
 */
export async function announceServer(port, signal) {
  while (!signal.aborted) {
    if ((await getStatus(`http://127.0.0.1:${port}/`, signal)) === 200) {
      console.log(`\n  Open http://localhost:${port}  (Ctrl-C stops it, the data stays)\n`);
      return;
    }
    await delay(200, undefined, { signal }).catch(() => {});
  }
}

/**
 * Not by `fetch`: the connection it keeps would be one more that the server waits for when it is told to stop.
 * @param {string} url
 * @param {AbortSignal} signal
 */
async function getStatus(url, signal) {
  try {
    const request = get(url, { agent: false, signal });
    /** @type {import('node:http').IncomingMessage[]} */
    const [response] = await once(request, 'response');
    response?.resume();
    return response?.statusCode;
  } catch {
    return undefined;
  }
}
