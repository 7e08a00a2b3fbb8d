/**
 * Ports on 127.0.0.1. `freePort()` is a port nobody listens on; it is given once only, and lies below the range
 * the kernel takes ports for outgoing connections from, so that nobody else happens upon it.
 */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

const FIRST = 10_000;
const LAST = 32_000;
const given = new Set<number>();

export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, LAST);
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
}

/** A port that refuses connections, and goes on doing so for the whole test. */
export const closedPort = freePort;

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '0.0.0.0', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
