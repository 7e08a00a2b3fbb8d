/**
 * Networks that fail, on 127.0.0.1, gone when the test ends.
 *
 *     const proxy = await createProxy(database);      // anything with a host and a port
 *     proxy.through(database.url)                     // the same URL by way of the proxy
 *     proxy.latency(200)                              // milliseconds, each way
 *     proxy.cutAfterBytes(100)                        // each connection resets after 100 more bytes to the client
 *     proxy.blackhole()                               // connections stay, nothing comes through any more
 *     proxy.blackholeAt(/CREATE TABLE/)               // from the moment a client sends this, which is lost too
 *     proxy.blackholeAt(/CREATE TABLE/, { loses: 'answers', on: 'its connection' })
 *     proxy.reset()                                   // connections are reset, and each new one
 *     proxy.refuse()                                  // new connections are refused; the present ones stay
 *     proxy.silent()                                  // new connections are taken and nothing is said
 *     proxy.heal()                                    // as at first; what a black hole held back comes through
 *     await proxy.waitForConnection(2)                // the second since the proxy was made
 *     await proxy.waitForClientText(/CREATE TABLE/)   // what a client sent, past or to come; not under TLS
 *     proxy.connections, proxy.accepted               // open now, ever
 *
 *     const { port } = await silentServer();          // takes connections and says nothing
 *     await closedPort(), await freePort()            // see ports.ts
 */
import { once } from 'node:events';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { onCleanup } from './cleanup.ts';
import { freePort } from './ports.ts';
import { pump, type Valve } from './proxy-pump.ts';

export { closedPort, freePort } from './ports.ts';

interface Target {
  host: string;
  port: number;
}

/** What a black hole swallows, and where. */
export interface HoleOptions {
  loses?: 'everything' | 'answers';
  on?: 'every connection' | 'its connection';
}

const HOST = '127.0.0.1';

export class FaultyProxy {
  readonly host = HOST;
  readonly port: number;
  /** Connections taken since the proxy was made. */
  accepted = 0;
  readonly #target: Target;
  readonly #server: Server;
  readonly #clients = new Set<Socket>();
  readonly #waiting = new Set<() => void>();
  #greeting: 'forward' | 'reset' | 'silent' = 'forward';
  #clientText = '';
  readonly #valve: Valve = { delayMs: 0, isOpen: () => true, cut: undefined, whenOpened: new Set() };
  #trap: { pattern: RegExp; options: HoleOptions } | undefined;

  constructor(target: Target, port: number) {
    this.port = port;
    this.#target = target;
    this.#server = createServer((client) => this.#accept(client));
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#clients.size;
  }

  /** The same URL with the proxy's address. */
  through(url: string): string {
    const rewritten = new URL(url);
    rewritten.host = `${this.host}:${this.port}`;
    return rewritten.href;
  }

  latency(ms: number): void {
    this.#valve.delayMs = ms;
  }

  cutAfterBytes(bytes: number): void {
    this.#valve.cut = { afterBytes: bytes };
  }

  blackhole(): void {
    this.#valve.isOpen = () => false;
  }

  blackholeAt(pattern: RegExp, options: HoleOptions = {}): void {
    this.#trap = { pattern, options };
  }

  silent(): void {
    this.#greeting = 'silent';
  }

  reset(): void {
    this.#greeting = 'reset';
    for (const client of this.#clients) client.resetAndDestroy();
  }

  refuse(): void {
    this.#server.close();
  }

  async heal(): Promise<void> {
    this.#greeting = 'forward';
    this.#trap = undefined;
    Object.assign(this.#valve, { delayMs: 0, isOpen: () => true, cut: undefined });
    for (const resume of this.#valve.whenOpened) resume();
    this.#valve.whenOpened.clear();
    if (!this.#server.listening) await this.listen();
  }

  /** The `count`th connection since the proxy was made, past or to come. */
  async waitForConnection(count = 1): Promise<void> {
    await this.#waitUntil(() => this.accepted >= count);
  }

  /** A client's sending text that matches, past or to come. */
  async waitForClientText(pattern: RegExp): Promise<void> {
    await this.#waitUntil(() => pattern.test(this.#clientText));
  }

  async listen(): Promise<void> {
    this.#server.listen(this.port, HOST);
    await once(this.#server, 'listening');
  }

  close(): void {
    for (const client of this.#clients) client.destroy();
    this.#server.close();
  }

  #accept(client: Socket): void {
    this.accepted += 1;
    this.#clients.add(client);
    client.on('error', () => undefined);
    client.once('close', () => this.#clients.delete(client));
    if (this.#greeting === 'reset') client.resetAndDestroy();
    else if (this.#greeting === 'silent') client.resume();
    else this.#forward(client);
    this.#wake();
  }

  #forward(client: Socket): void {
    const server = createConnection(this.#target.port, this.#target.host);
    // Before the pump: a hole that opens at this text swallows it.
    client.on('data', (data) => {
      const text = data.toString('latin1');
      this.#clientText += text;
      if (this.#trap?.pattern.test(text)) this.#open(this.#trap.options, client, server);
      this.#wake();
    });
    pump(client, server, this.#valve);
  }

  #open(
    { loses = 'everything', on = 'every connection' }: HoleOptions,
    client: Socket,
    server: Socket,
  ): void {
    this.#trap = undefined;
    const clients = this.#clients;
    this.#valve.isOpen = (to) => {
      const isItsOwn = to === client || to === server;
      const isAnswer = clients.has(to);
      return (on === 'its connection' && !isItsOwn) || (loses === 'answers' && !isAnswer);
    };
  }

  async #waitUntil(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }
}

export async function createProxy(target: Target): Promise<FaultyProxy> {
  const proxy = new FaultyProxy(target, await freePort());
  await proxy.listen();
  onCleanup(() => proxy.close());
  return proxy;
}

/** A port that takes connections and never says a word. */
export async function silentServer(): Promise<Target & { connections(): number }> {
  const clients = new Set<Socket>();
  const server = createServer((client) => {
    clients.add(client.on('error', () => undefined).resume());
    client.once('close', () => clients.delete(client));
  });
  const port = await freePort();
  server.listen(port, HOST);
  await once(server, 'listening');
  onCleanup(() => {
    for (const client of clients) client.destroy();
    server.close();
  });
  return { host: HOST, port, connections: () => clients.size };
}
