import type { Session } from '../lib/database/session.ts';
import { type Survey, survey } from './survey.ts';

/** A connected database and what was last seen in it. */
export class Database {
  readonly session: Session;
  readonly #seedTables: readonly string[];
  #state: Survey;

  private constructor(session: Session, seedTables: readonly string[], state: Survey) {
    this.session = session;
    this.#seedTables = seedTables;
    this.#state = state;
  }

  static async open(session: Session, seedTables: readonly string[]): Promise<Database> {
    return new Database(session, seedTables, await survey(session, seedTables));
  }

  get state(): Survey {
    return this.#state;
  }

  /** Something between us and the server hands its connections around: the backend is not the one we were told of. */
  get isPooled(): boolean {
    const { client, settings } = this.session;
    return settings.pgbouncer || ('processID' in client && client.processID !== this.#state.server.pid);
  }

  /** The engine writes times without a zone, and means UTC. A pooler's session is not ours to change. */
  async speakUtc(): Promise<void> {
    if (!this.isPooled) await this.session.query("set time zone 'UTC'");
  }

  close(): void {
    this.session.end();
  }

  /** Looks again. */
  async refresh(): Promise<Survey> {
    this.#state = await survey(this.session, this.#seedTables);
    return this.#state;
  }
}
