import { connect } from '../../postgres/connect.ts';
import { isConnectionLoss } from '../../postgres/connection-lost.ts';
import type { ConnectionSettings } from '../../postgres/connection-settings.ts';
import type { Session } from '../../postgres/session.ts';

const TIMEOUT_MS = 2000;

/** Asks short questions beside a connection that is busy, one at a time, each on a connection of its own. */
export class SideConnection {
  readonly #settings: ConnectionSettings;
  readonly #closed = new AbortController();
  #asking: Promise<unknown> | undefined;
  #silentSince: number | undefined;

  constructor(settings: ConnectionSettings) {
    this.#settings = settings;
  }

  /** How long, in milliseconds, nothing at all has come back from there; a refusal is something. */
  get silentMs(): number {
    return this.#silentSince === undefined ? 0 : performance.now() - this.#silentSince;
  }

  /** The rows, or undefined where the question could not be asked, or another one is being asked. */
  async ask<Row extends object>(sql: string): Promise<Row[] | undefined> {
    if (this.#asking !== undefined || this.#closed.signal.aborted) return undefined;
    const asking = this.#ask<Row>(sql).catch(() => undefined);
    this.#asking = asking;
    const rows = await asking;
    this.#asking = undefined;
    return rows;
  }

  /** Waits for the question that is being asked, if it got through; no other one is asked. */
  async close(): Promise<void> {
    this.#closed.abort();
    await this.#asking;
  }

  async #ask<Row extends object>(sql: string): Promise<Row[]> {
    const session = await this.#connect();
    try {
      return await session.query<Row>(sql);
    } finally {
      session.end();
    }
  }

  async #connect(): Promise<Session> {
    const started = performance.now();
    const options = { timeoutMs: TIMEOUT_MS, answerMs: TIMEOUT_MS, signal: this.#closed.signal };
    try {
      const session = await connect(this.#settings, options);
      this.#silentSince = undefined;
      return session;
    } catch (error) {
      this.#silentSince = isConnectionLoss(error) ? (this.#silentSince ?? started) : undefined;
      throw error;
    }
  }
}
