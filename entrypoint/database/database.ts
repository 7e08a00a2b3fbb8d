import { codeOf } from '../lib/describe-error.ts';
import { isPooled } from '../postgres/pooled.ts';
import type { Session } from '../postgres/session.ts';
import { historyRefused, historyTable } from './history-table.ts';
import { askServer, survey } from './survey.ts';
import type { HistoryRow, ServerFacts, Survey } from './survey-answer.ts';
import { tableLocked } from './table-locked.ts';

const LOCK_NOT_AVAILABLE = '55P03';
/** Longer than most changes of a table take, and soon told from a server that is silent. */
export const PATIENCE_MS = 1000;

/** A connected database and what was last seen in it. */
export class Database {
  readonly session: Session;
  readonly #seedTables: readonly string[];
  #server: ServerFacts;
  #state: Survey | undefined;

  private constructor(session: Session, seedTables: readonly string[], seen: ServerFacts | Survey) {
    this.session = session;
    this.#seedTables = seedTables;
    this.#state = 'server' in seen ? seen : undefined;
    this.#server = 'server' in seen ? seen.server : seen;
  }

  static async open(session: Session, seedTables: readonly string[]): Promise<Database> {
    const seen = await survey(session, seedTables, PATIENCE_MS).catch((error: unknown) => {
      if (isLockTimeout(error)) return askServer(session);
      throw error;
    });
    return new Database(session, seedTables, seen);
  }

  /** Another session, such as a replica that migrates, holds an exclusive lock on a table: its rows are not known yet. */
  get isLocked(): boolean {
    return this.#state === undefined;
  }

  get server(): ServerFacts {
    return this.#server;
  }

  get state(): Survey {
    if (this.#state === undefined)
      throw new Error('the tables of this database are locked: call refresh first');
    return this.#state;
  }

  /** The rows of `_prisma_migrations`, none where it is not there. Throws where it is not what it should be. */
  get history(): readonly HistoryRow[] {
    this.requireTrustedHistory();
    return this.state.history ?? [];
  }

  /** `_prisma_migrations`, qualified and quoted, to be written to. Throws where it is not what it should be. */
  get historyTable(): string {
    this.requireTrustedHistory();
    return historyTable(this.state.schema);
  }

  /** Throws where another role controls it, or the schema that it is to be made in. */
  requireTrustedHistory(): void {
    const { schema, doubt } = this.state;
    if (doubt !== null) throw historyRefused(schema, doubt);
  }

  /** Whether it was there when it was last looked for. */
  get hasHistory(): boolean {
    return this.state.history !== null;
  }

  get isPooled(): boolean {
    return isPooled(this.session, this.#server.pid);
  }

  /** The engine writes times without a zone, and means UTC. A pooler's session is not ours to change. */
  async speakUtc(): Promise<void> {
    if (!this.isPooled) await this.session.query("set time zone 'UTC'");
  }

  close(): void {
    this.session.end();
  }

  /** Looks again, and waits for tables that others have for themselves almost as long as for any answer. */
  async refresh(): Promise<Survey> {
    const patienceMs = Math.ceil(this.session.answerMs * 0.9);
    try {
      this.#state = await survey(this.session, this.#seedTables, patienceMs);
    } catch (error) {
      throw isLockTimeout(error)
        ? await tableLocked(this.session, this.#seedTables, patienceMs, error)
        : error;
    }
    this.#server = this.#state.server;
    return this.#state;
  }
}

function isLockTimeout(error: unknown): boolean {
  return codeOf(error) === LOCK_NOT_AVAILABLE;
}
