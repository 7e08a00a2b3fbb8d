import type { Socket } from 'node:net';

/** What a proxy does to all its connections at the moment. */
export interface Valve {
  delayMs: number;
  /** Whether anything gets through to this end of a connection. */
  isOpen(to: Socket): boolean;
  /** How much more each connection lets through to its client before it is cut; undefined: all. */
  cut: { afterBytes: number } | undefined;
  /** Called when it may have opened. */
  whenOpened: Set<() => void>;
}

/** Carries bytes both ways through the valve, and ends one side with the other. */
export function pump(client: Socket, server: Socket, valve: Valve): void {
  let cut = valve.cut;
  let left = cut?.afterBytes;
  carry(client, server, valve, (chunk) => server.write(chunk));
  carry(server, client, valve, (chunk) => {
    if (cut !== valve.cut) {
      cut = valve.cut;
      left = cut?.afterBytes;
    }
    if (left === undefined || chunk.length < left) {
      if (left !== undefined) left -= chunk.length;
      return client.write(chunk);
    }
    client.write(chunk.subarray(0, left), () => client.resetAndDestroy());
    return server.destroy();
  });
}

/** In order, each chunk delayed from its own arrival, and held while the valve is closed. */
function carry(from: Socket, to: Socket, valve: Valve, write: (chunk: Buffer) => void): void {
  let last = Promise.resolve();
  const inOrder = (action: () => void) => {
    const due = delay(valve.delayMs);
    last = last
      .then(() => due)
      .then(() => opened(valve, to))
      .then(action);
  };
  from.on('data', (chunk: Buffer) => inOrder(() => to.writable && write(chunk)));
  from.on('end', () => inOrder(() => to.end()));
  from.on('error', () => inOrder(() => to.destroy()));
  from.on('close', (failed) => inOrder(() => (failed ? to.resetAndDestroy() : to.end())));
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => (ms === 0 ? resolve() : setTimeout(resolve, ms)));
}

async function opened(valve: Valve, to: Socket): Promise<void> {
  while (!valve.isOpen(to)) await new Promise<void>((resolve) => valve.whenOpened.add(resolve));
}
