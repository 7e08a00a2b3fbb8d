import type { Socket } from 'node:net';
import pg, { type Client } from 'pg';
import { formatDuration } from '../lib/duration.ts';
import type { AnswerBound } from './answer-bound.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import { fromDriver } from './protocol-error.ts';

/** How long a server is given to take its leave. */
const CLOSE_MS = 1000;
/** How long one is given to answer a short question. */
const ANSWER_MS = 60_000;
/**
 * Nobody but a superuser can make anything there. For one transaction: behind a pooler the session is not ours.
 * @see https://wiki.postgresql.org/wiki/A_Guide_to_CVE-2018-1058:_Protect_Your_Search_Path
 */
export const SAFE_PATH = 'pg_catalog, pg_temp';

export interface SessionOptions {
  readonly encrypted: boolean;
  readonly answers: AnswerBound;
  /** Bound of the wait for an answer, in milliseconds. */
  readonly answerMs?: number | undefined;
}

/** One open connection. It is one PostgreSQL session unless a pooler stands in between. */
export class Session {
  readonly client: Client;
  readonly settings: ConnectionSettings;
  readonly encrypted: boolean;
  readonly answerMs: number;
  readonly answers: AnswerBound;
  readonly #socket: Socket;
  readonly #lost = new AbortController();
  #ended = false;
  #givenUp: Error | undefined;

  constructor(client: Client, socket: Socket, settings: ConnectionSettings, options: SessionOptions) {
    this.client = client;
    this.#socket = socket;
    this.settings = settings;
    this.encrypted = options.encrypted;
    this.answers = options.answers;
    this.answerMs = options.answerMs ?? ANSWER_MS;
    client.on('error', (error) => this.#lost.abort(error));
    client.on('end', () => this.#lost.abort(new Error('Connection closed')));
  }

  /** Aborted when the connection is gone, for whatever reason. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Runs SQL of ours: whatever it names without a schema is PostgreSQL's own, and no other role's. */
  query<Row extends pg.QueryResultRow = pg.QueryResultRow>(sql: string): Promise<Row[]> {
    return this.send<Row>(`set local search_path = ${SAFE_PATH}; ${sql}`);
  }

  /**
   * Runs SQL that is answered soon, as it is written and with the search path of the session, as one simple query:
   * several statements are one implicit transaction. A network that swallows everything gives no error; the bound does.
   */
  async send<Row extends pg.QueryResultRow = pg.QueryResultRow>(sql: string): Promise<Row[]> {
    const result: pg.QueryResult<Row> | pg.QueryResult<Row>[] = await this.answered(() =>
      this.client.query<Row>(sql).catch((error: unknown) => {
        throw fromDriver(error);
      }),
    );
    return Array.isArray(result) ? (result.at(-1)?.rows ?? []) : result.rows;
  }

  /** Waits for an answer, and gives the connection up when none comes. */
  async answered<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    const silent = () => this.giveUp(`no answer within ${formatDuration(this.answerMs)}`);
    const timer = setTimeout(silent, this.answerMs);
    try {
      return await ask();
    } catch (error) {
      throw this.#givenUp ?? error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Drops a connection on which no answer is to be hoped for: what waits for one is rejected with the reason. */
  giveUp(reason: string): void {
    this.#givenUp ??= Object.assign(new Error(reason), { code: 'ETIMEDOUT' });
    this.#lost.abort(this.#givenUp);
    this.destroy();
  }

  /** Why the connection was given up. */
  get givenUp(): Error | undefined {
    return this.#givenUp;
  }

  /** Whether the server still answers on this connection. */
  async isAlive(): Promise<boolean> {
    if (this.lost.aborted) return false;
    return this.query('select').then(
      () => true,
      () => false,
    );
  }

  /** Takes leave of the server, and does not wait until it has hung up. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    const overdue = setTimeout(() => this.destroy(), CLOSE_MS).unref();
    this.client
      .end()
      .catch(() => undefined)
      .finally(() => clearTimeout(overdue));
  }

  /** Drops the connection at once, and with it what it still waits for. */
  destroy(): void {
    this.#socket.destroy();
  }
}

export function quoteIdentifier(name: string): string {
  return pg.escapeIdentifier(name);
}

export function quoteLiteral(text: string): string {
  return pg.escapeLiteral(text);
}
