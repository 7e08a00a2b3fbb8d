import { faultPoint } from '../../core/fault-point.ts';
import type { StepLog } from '../../core/step-log.ts';
import { Database } from '../../database/database.ts';
import type { Deadline } from '../../lib/deadline.ts';
import { connect } from '../../postgres/connect.ts';
import { describeTarget } from '../../postgres/connection-settings.ts';
import type { Session } from '../../postgres/session.ts';
import { requireVersion } from './require-version.ts';
import type { WaitConfig, WaitOptions } from './settings.ts';

export interface Opened {
  readonly database: Database;
  readonly roundTripMs: number;
}

/** Connects once, and looks at what is in the database. */
export async function openDatabase(
  { connection, timeoutMs, minVersion }: WaitConfig,
  options: WaitOptions,
  deadline: Deadline,
  signal: AbortSignal,
): Promise<Opened> {
  faultPoint('connect:before');
  const session = await connect(connection, {
    timeoutMs: Math.max(deadline.remainingMs, 100),
    answerMs: timeoutMs,
    signal,
  });
  try {
    faultPoint('connect:after');
    const askedAt = performance.now();
    // A server that accepts the connection and then never answers counts as a failed attempt.
    const limit = AbortSignal.any([signal, AbortSignal.timeout(2 * connection.connectTimeoutMs)]);
    const database = await bounded(Database.open(session, options.seedTables), session, limit);
    requireVersion(database.server, minVersion, connection);
    return { database, roundTripMs: Math.round((performance.now() - askedAt) * 10) / 10 };
  } catch (error) {
    session.destroy();
    throw error;
  }
}

export function logOpened({ database, roundTripMs }: Opened, log: StepLog): void {
  const { server, session, isLocked, isPooled } = database;
  const traits = [
    isLocked ? 'tables locked by another session' : `round trip ${roundTripMs}ms`,
    session.encrypted ? ', TLS' : '',
    server.standby ? ', standby' : '',
    isPooled ? ', pooled' : '',
  ];
  log.done(`PostgreSQL ${server.version} at ${describeTarget(session.settings)} (${traits.join('')})`, {
    serverVersion: server.version,
    roundTripMs,
    encrypted: session.encrypted,
    standby: server.standby,
    pooled: isPooled,
    busy: isLocked,
  });
}

/** A query cannot be aborted: closing its connection ends the wait for its answer. */
async function bounded<Result>(work: Promise<Result>, session: Session, limit: AbortSignal): Promise<Result> {
  const close = () => session.destroy();
  limit.addEventListener('abort', close, { once: true });
  try {
    return await work;
  } finally {
    limit.removeEventListener('abort', close);
  }
}
