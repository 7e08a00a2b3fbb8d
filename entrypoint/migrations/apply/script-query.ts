import pg from 'pg';
import { messageOf } from '../../lib/describe-error.ts';
import type { Session } from '../../postgres/session.ts';
import type { ComposedQuery, ScriptPlace } from './composed-query.ts';

/** A script that the server refused. */
export class ScriptError extends Error {
  override readonly name = 'ScriptError';
  /** Where in the script; empty where the failure was not in it. */
  readonly place: ScriptPlace;
  override readonly cause: unknown;

  constructor(cause: unknown, place: ScriptPlace) {
    super(messageOf(cause));
    this.cause = cause;
    this.place = place;
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
  readonly #reject: (error: unknown, completed: number) => void;
  #completed = 0;

  constructor(text: string, resolve: () => void, reject: (error: unknown, completed: number) => void) {
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
    this.#reject(error, this.#completed);
  }
  handleReadyForQuery(): void {
    this.#resolve();
  }
}

/** Runs a query whole, as psql would with one; rejects with a ScriptError. */
export function runQuery(session: Session, query: ComposedQuery): Promise<void> {
  const { answers } = session;
  answers.keepsRows = false;
  const answered = new Promise<void>((resolve, reject) => {
    const fail = (error: unknown, completed: number) => {
      const position = error instanceof pg.DatabaseError ? error.position : undefined;
      const place = query.locate(position === undefined ? undefined : Number(position), completed);
      reject(new ScriptError(session.givenUp ?? error, place));
    };
    session.client.query(new ScriptQuery(query.text, resolve, fail));
  });
  return answered.finally(() => {
    answers.keepsRows = true;
  });
}
