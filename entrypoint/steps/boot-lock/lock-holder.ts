import type { Context } from '../../core/context.ts';
import type { Database } from '../../database/database.ts';
import { NOTICE_LOST_MACHINE } from '../../migrations/script/session-reset.ts';
import { connect } from '../../postgres/connect.ts';
import { toConnectionError } from '../../postgres/connection-error.ts';
import { SAFE_PATH, type Session } from '../../postgres/session.ts';
import { liftForTransaction } from '../../postgres/time-limits.ts';

/** For the statements of Prisma's schema engine. Our own queries set it themselves; scripts use that of the role. */
const SAFE_SESSION = `set session search_path = ${SAFE_PATH}`;

/** A connection that holds advisory locks. */
export interface LockHolder {
  readonly session: Session;
  /** Acquires the lock if it is free; never waits. */
  tryLock(key: number): Promise<boolean>;
  /** Releases every lock. */
  release(): Promise<void>;
}

/** Session-level locks on the main connection; behind a pooler, locks of a transaction on a second connection. */
export async function openLockHolder(database: Database, context: Context): Promise<LockHolder> {
  if (!database.isPooled) return new SessionHolder(database.session);
  const session = await openSecondConnection(database, context);
  return new TransactionHolder(session, database.server.versionNum);
}

class SessionHolder implements LockHolder {
  readonly session: Session;

  constructor(session: Session) {
    this.session = session;
  }

  tryLock(key: number): Promise<boolean> {
    return take(
      this.session,
      `${SAFE_SESSION}; ${NOTICE_LOST_MACHINE}; select pg_catalog.pg_try_advisory_lock(${key}::bigint) as locked`,
    );
  }

  async release(): Promise<void> {
    if (this.session.lost.aborted) return;
    const release = 'select pg_catalog.pg_advisory_unlock_all(); reset search_path';
    await this.session.query(release).catch(() => undefined);
  }
}

/**
 * The transaction stays open while it holds a lock. A waiting replica keeps none open, so that the pool keeps its
 * connections for the replica that works.
 */
class TransactionHolder implements LockHolder {
  readonly session: Session;
  readonly #begin: string;
  #isOpen = false;

  constructor(session: Session, versionNum: number) {
    this.session = session;
    this.#begin = ['begin', ...liftForTransaction(versionNum), ''].join('; ');
  }

  async tryLock(key: number): Promise<boolean> {
    const lock = `select pg_catalog.pg_try_advisory_xact_lock(${key}::bigint) as locked`;
    if (this.#isOpen) return take(this.session, lock);
    this.#isOpen = await take(this.session, this.#begin + lock);
    if (!this.#isOpen) await this.session.send('rollback');
    return this.#isOpen;
  }

  async release(): Promise<void> {
    this.session.end();
  }
}

async function take(session: Session, sql: string): Promise<boolean> {
  const [row] = await session.query<{ locked: boolean }>(sql);
  return row?.locked === true;
}

async function openSecondConnection(database: Database, { shutdown }: Context): Promise<Session> {
  const { settings, answerMs } = database.session;
  try {
    return await connect(settings, { answerMs, signal: shutdown.signal });
  } catch (error) {
    shutdown.signal.throwIfAborted();
    throw toConnectionError(error, settings);
  }
}
