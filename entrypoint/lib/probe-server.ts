import { createServer, type Server } from 'node:http';

/** What a probe is told: a status code, and a body sent as JSON. */
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

/** Answers HTTP on the port of the server while there is none. Rejects when the port cannot be bound. */
export class ProbeServer {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async listen({ port, hostname, answer }: ProbeServerOptions): Promise<ProbeServer> {
    const server = createServer((request, response) => {
      const { status, body } = answer(new URL(request.url ?? '/', 'http://probe').pathname);
      response.writeHead(status, {
        'content-type': 'application/json; charset=utf-8',
        'cache-control': 'no-store',
        connection: 'close',
        ...(status === 503 && { 'retry-after': '1' }),
      });
      response.end(`${JSON.stringify(body)}\n`);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, hostname, resolve);
    });
    return new ProbeServer(server);
  }

  /** Lets go of the port at once; what is being answered is answered. */
  async close(): Promise<void> {
    await new Promise((resolve) => {
      this.#server.close(resolve);
      this.#server.closeIdleConnections();
    });
  }
}
