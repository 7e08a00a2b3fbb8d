import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import pg, { type Client } from 'pg';
import type { ConnectionSettings } from '../connection-settings.ts';

/** How long a server is given to take its leave. */
const CLOSE_MS = 1000;

/** One open connection. It is one PostgreSQL session unless a pooler stands in between. */
export class Session {
  readonly client: Client;
  readonly settings: ConnectionSettings;
  readonly encrypted: boolean;
  readonly #socket: Socket;
  readonly #lost = new AbortController();
  #ended = false;

  constructor(client: Client, socket: Socket, settings: ConnectionSettings, encrypted: boolean) {
    this.client = client;
    this.#socket = socket;
    this.settings = settings;
    this.encrypted = encrypted;
    client.on('error', (error) => this.#lost.abort(error));
    client.on('end', () => this.#lost.abort(new Error('Connection closed')));
  }

  /** Aborted when the connection is gone, for whatever reason. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Runs SQL as one simple query: several statements are one implicit transaction. */
  async query<Row extends pg.QueryResultRow = pg.QueryResultRow>(sql: string): Promise<Row[]> {
    const result: pg.QueryResult<Row> | pg.QueryResult<Row>[] = await this.client.query<Row>(sql);
    return Array.isArray(result) ? (result.at(-1)?.rows ?? []) : result.rows;
  }

  /** Whether the server still answers on this connection. */
  async isAlive(): Promise<boolean> {
    if (this.lost.aborted) return false;
    return this.client.query('select').then(
      () => true,
      () => false,
    );
  }

  /** Closes the connection; a second call, or one on a lost connection, does nothing. */
  async end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    const closing = new AbortController();
    const overdue = delay(CLOSE_MS, undefined, { signal: closing.signal }).then(() => this.destroy());
    await Promise.race([this.client.end(), overdue]).catch(() => undefined);
    closing.abort();
    await overdue.catch(() => undefined);
  }

  /** Drops the connection at once, and with it what it still waits for. */
  destroy(): void {
    this.#socket.destroy();
  }
}

export const quoteIdentifier = pg.escapeIdentifier;
export const quoteLiteral = pg.escapeLiteral;
