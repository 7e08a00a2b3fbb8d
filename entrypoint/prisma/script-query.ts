import pg from 'pg';
import type { Session } from '../lib/database/session.ts';

/** A script that the server refused. */
export class ScriptError extends Error {
  override readonly name = 'ScriptError';
  /** How many statements of the text completed before the one that failed. */
  readonly completed: number;
  override readonly cause: unknown;

  constructor(cause: unknown, completed: number) {
    super(cause instanceof Error ? cause.message : String(cause));
    this.cause = cause;
    this.completed = completed;
  }

  /** The server's own error; undefined when the connection broke. */
  get database(): pg.DatabaseError | undefined {
    return this.cause instanceof pg.DatabaseError ? this.cause : undefined;
  }
}

/** The part of node-postgres's connection that a query is handed. */
interface Wire {
  query(text: string): void;
  sendCopyFail(message: string): void;
}

/**
 * Sends a text as one simple query, drops its rows, and counts the statements that completed. node-postgres calls
 * these methods on whatever is passed to `client.query` with a `submit` method, as it does for pg-cursor.
 */
class ScriptQuery {
  readonly #text: string;
  readonly #resolve: () => void;
  readonly #reject: (error: ScriptError) => void;
  #completed = 0;

  constructor(text: string, resolve: () => void, reject: (error: ScriptError) => void) {
    this.#text = text;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  submit(connection: unknown): void {
    (connection as Wire).query(this.#text);
  }
  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleEmptyQuery(): void {}
  handleCopyData(): void {}
  handleCommandComplete(): void {
    this.#completed += 1;
  }
  handleCopyInResponse(connection: Wire): void {
    connection.sendCopyFail('a migration has no input to copy from');
  }
  handleError(error: unknown): void {
    this.#reject(new ScriptError(error, this.#completed));
  }
  handleReadyForQuery(): void {
    this.#resolve();
  }
}

/** Runs a script whole, as psql would with one query; rejects with a ScriptError. */
export function runScript(session: Session, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: ScriptError) =>
      reject(session.givenUp === undefined ? error : new ScriptError(session.givenUp, error.completed));
    session.client.query(new ScriptQuery(text, resolve, fail));
  });
}
