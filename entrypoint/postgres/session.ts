import type { Socket } from 'node:net';
import pg, { type Client } from 'pg';
import { LONGEST_MS } from '../lib/duration.ts';
import type { AnswerBound } from './answer-bound.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import { limitWait, type Patience } from './patience.ts';
import { fromDriver } from './protocol-error.ts';

/** How long `end` gives the server to close the connection. */
const CLOSE_MS = 1000;
/** How long the server may take to answer a short query. */
const ANSWER_MS = 60_000;
/** How long it may still take after the signal that ends the boot: less than Docker and Kubernetes give us to end. */
const GRACE_MS = 3000;
/**
 * Only a superuser can create objects in these schemas. Set for one transaction, because a pooler shares its sessions.
 * @see https://wiki.postgresql.org/wiki/A_Guide_to_CVE-2018-1058:_Protect_Your_Search_Path
 */
export const SAFE_PATH = 'pg_catalog, pg_temp';

export interface SessionOptions {
  readonly encrypted: boolean;
  readonly answers: AnswerBound;
  /** Limit of the wait for an answer, in milliseconds. */
  readonly answerMs?: number | undefined;
  /** Aborted when whoever uses the connection has to end. */
  readonly signal: AbortSignal;
}

/** One open connection: one PostgreSQL session, unless there is a pooler in between. */
export class Session {
  readonly client: Client;
  readonly settings: ConnectionSettings;
  readonly encrypted: boolean;
  readonly answerMs: number;
  readonly answers: AnswerBound;
  readonly #socket: Socket;
  readonly #signal: AbortSignal;
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
    this.#signal = options.signal;
    client.on('error', (error) => this.#lost.abort(error));
    client.on('end', () => this.#lost.abort(new Error('Connection closed')));
  }

  /** Aborted when the connection is gone; its reason is the error. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Runs SQL of ours. Unqualified names in it mean PostgreSQL's own objects, never those of another role. */
  query<Row extends pg.QueryResultRow = pg.QueryResultRow>(sql: string): Promise<Row[]> {
    return this.send<Row>(`set local search_path = ${SAFE_PATH}; ${sql}`);
  }

  /**
   * Runs a short query as it is written, with the search path of the session, as one simple query: several statements
   * are one implicit transaction. Times out, because a network that drops packets causes no error.
   */
  send<Row extends pg.QueryResultRow = pg.QueryResultRow>(sql: string): Promise<Row[]> {
    return this.answered(() => this.sendPatiently<Row>(sql));
  }

  /** The same without a limit: for whoever watches the query. */
  async sendPatiently<Row extends pg.QueryResultRow = pg.QueryResultRow>(sql: string): Promise<Row[]> {
    const result: pg.QueryResult<Row> | pg.QueryResult<Row>[] = await this.client
      .query<Row>(sql)
      .catch((error: unknown) => {
        throw fromDriver(error);
      });
    return Array.isArray(result) ? (result.at(-1)?.rows ?? []) : result.rows;
  }

  /** Waits for an answer; gives up the connection when none arrives in time, or soon after the signal, with its reason. */
  async answered<Answer>(
    ask: () => Promise<Answer>,
    { limitMs = this.answerMs, graceMs = GRACE_MS }: Partial<Patience> = {},
  ): Promise<Answer> {
    const stop = limitWait({ limitMs, graceMs }, this.#signal, (reason) => this.giveUp(reason));
    try {
      return await ask();
    } catch (error) {
      throw this.#givenUp ?? error;
    } finally {
      stop();
    }
  }

  /** For queries that wait for another session, each with its own limit: the signal ends them at once. */
  waiting<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.answered(work, { limitMs: LONGEST_MS, graceMs: 0 });
  }

  /** Closes a connection that no longer answers, and rejects the pending queries with the reason. */
  giveUp(reason: string | Error): void {
    this.#givenUp ??=
      reason instanceof Error ? reason : Object.assign(new Error(reason), { code: 'ETIMEDOUT' });
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

  /** Sends Terminate without waiting for the server to close the connection. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    const overdue = setTimeout(() => this.destroy(), CLOSE_MS).unref();
    this.client
      .end()
      .catch(() => undefined)
      .finally(() => clearTimeout(overdue));
  }

  /** Closes the connection at once, and rejects its pending queries. */
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
