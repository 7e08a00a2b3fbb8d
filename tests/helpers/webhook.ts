/**
 * `startWebhook(status, path?)`: a webhook that keeps what it is told, and answers with `status`, or never; gone when the
 * test ends.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { onCleanup } from './cleanup.ts';
import { freePort } from './ports.ts';

export async function startWebhook(
  status: number | 'never',
  path = '/services/',
  headers: Record<string, string> = {},
) {
  const bodies: unknown[] = [];
  const server = createServer(async (request, response) => {
    const body: unknown = await json(request).catch(() => 'cut off');
    bodies.push(body);
    if (status !== 'never') response.writeHead(status, headers).end();
  });
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  onCleanup(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${port}${path}`, bodies };
}
