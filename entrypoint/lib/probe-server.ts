import { createServer, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Above this many, the oldest connection gives way to the next one: idle clients lock out no probe. */
const MOST_CONNECTIONS = 128;
/** How long a client may take to send its request. */
const REQUEST_MS = 5000;
const LONGEST_HEADER = 8192;

/** The answer to a probe: a status code, and a body sent as JSON. */
export interface ProbeAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface ProbeServerOptions {
  readonly port: number;
  readonly hostname: string;
  /** The answer to a request for a path; asked anew each time. */
  readonly answer: (path: string) => ProbeAnswer;
}

/**
 * Answers HTTP on the port of the server while there is none. Rejects when the port cannot be bound; after that
 * nothing that a client sends, or fails to send, reaches the boot.
 */
export class ProbeServer {
  readonly #server: Server;
  readonly #connections = new Set<Socket>();

  private constructor({ answer }: ProbeServerOptions) {
    this.#server = createServer(
      { maxHeaderSize: LONGEST_HEADER, headersTimeout: REQUEST_MS, requestTimeout: REQUEST_MS },
      // Not by `new URL`: it throws at `//`, and whatever follows the path is of no interest.
      (request, response) => respond(response, answer((request.url ?? '/').split(/[?#]/, 1)[0] ?? '/')),
    );
    this.#server.on('connection', (socket) => this.#admit(socket));
    this.#server.on('clientError', (_error, socket) => socket.destroy());
  }

  static async listen(options: ProbeServerOptions): Promise<ProbeServer> {
    const probes = new ProbeServer(options);
    const server = probes.#server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(options.port, options.hostname, resolve);
    });
    // Such as EMFILE at an accept: the next client may have more luck.
    server.on('error', () => undefined);
    return probes;
  }

  /** Lets go of the port, and of every client, at once. */
  close(): void {
    this.#server.close();
    for (const socket of this.#connections) socket.destroy();
  }

  #admit(socket: Socket): void {
    socket.on('error', () => undefined).on('close', () => this.#connections.delete(socket));
    this.#connections.add(socket);
    if (this.#connections.size > MOST_CONNECTIONS) this.#connections.values().next().value?.destroy();
  }
}

function respond(response: ServerResponse, { status, body }: ProbeAnswer): void {
  response.on('error', () => undefined);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    connection: 'close',
    ...(status === 503 && { 'retry-after': '1' }),
  });
  response.end(`${JSON.stringify(body)}\n`);
}
