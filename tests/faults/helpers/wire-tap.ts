/**
 * A proxy that strikes at an exact instant of a conversation: when the n-th packet, of either side, has come and a
 * share of it is passed on.
 *
 *     const tap = await createWireTap(server);
 *     tap.arm({ packet: 17, share: 0.5, strike: async () => boot.kill('SIGKILL') });
 *     tap.through(database.url), tap.packets
 */
import { once } from 'node:events';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { onCleanup } from '../../helpers/cleanup.ts';
import { freePort } from '../../helpers/ports.ts';

export interface Trap {
  /** From 1, counted since `arm`. */
  packet: number;
  /** How much of that packet still comes through before, from 0 to 1; the rest follows after. */
  share: number;
  strike(): Promise<void>;
}

const HOST = '127.0.0.1';

class WireTap {
  /** Since `arm`. */
  packets = 0;
  readonly port: number;
  readonly #target: { host: string; port: number };
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #trap: Trap | undefined;
  /** While a trap strikes, nothing moves. */
  #struck: Promise<void> = Promise.resolve();

  constructor(target: { host: string; port: number }, port: number) {
    this.#target = target;
    this.port = port;
    this.#server = createServer((client) => this.#accept(client));
  }

  through(url: string): string {
    const rewritten = new URL(url);
    rewritten.host = `${HOST}:${this.port}`;
    return rewritten.href;
  }

  /** Counts anew, and waits for the packet of the trap. */
  arm(trap: Trap | undefined): void {
    this.packets = 0;
    this.#trap = trap;
  }

  async listen(): Promise<void> {
    this.#server.listen(this.port, HOST);
    await once(this.#server, 'listening');
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #accept(client: Socket): void {
    const server = createConnection(this.#target.port, this.#target.host);
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.setNoDelay().on('error', () => undefined);
      socket.once('close', () => this.#sockets.delete(socket));
    }
    this.#carry(client, server);
    this.#carry(server, client);
  }

  #carry(from: Socket, to: Socket): void {
    let last = Promise.resolve();
    from.on('data', (packet: Buffer) => {
      last = last.then(() => this.#pass(packet, to));
    });
    from.once('end', () => void last.then(() => to.end()));
    from.once('close', () => void last.then(() => to.destroy()));
  }

  async #pass(packet: Buffer, to: Socket): Promise<void> {
    await this.#struck;
    this.packets += 1;
    const trap = this.#trap;
    if (trap?.packet !== this.packets) {
      if (to.writable) to.write(packet);
      return;
    }
    this.#trap = undefined;
    const first = Math.round(packet.length * trap.share);
    this.#struck = write(to, packet.subarray(0, first)).then(() => trap.strike());
    await this.#struck;
    if (to.writable) to.write(packet.subarray(first));
  }
}

export type { WireTap };

export async function createWireTap(target: { host: string; port: number }): Promise<WireTap> {
  const tap = new WireTap(target, await freePort());
  await tap.listen();
  onCleanup(() => tap.close());
  return tap;
}

async function write(to: Socket, part: Buffer): Promise<void> {
  if (part.length > 0 && to.writable) await new Promise<void>((resolve) => to.write(part, () => resolve()));
}
