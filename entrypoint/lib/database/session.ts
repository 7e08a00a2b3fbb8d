import pg, { type Client } from 'pg';
import type { ConnectionSettings } from '../connection-settings.ts';

/** One open connection. It is one PostgreSQL session unless a pooler stands in between. */
export class Session {
  readonly client: Client;
  readonly settings: ConnectionSettings;
  readonly encrypted: boolean;
  readonly #lost = new AbortController();
  #ended = false;

  constructor(client: Client, settings: ConnectionSettings, encrypted: boolean) {
    this.client = client;
    this.settings = settings;
    this.encrypted = encrypted;
    client.on('error', (error) => this.#lost.abort(error));
    client.on('end', () => this.#lost.abort(new Error('the connection was closed')));
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

  /** Closes the connection; a second call, or one on a lost connection, does nothing. */
  async end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.client.end().catch(() => undefined);
  }
}

export const quoteIdentifier = pg.escapeIdentifier;
export const quoteLiteral = pg.escapeLiteral;
