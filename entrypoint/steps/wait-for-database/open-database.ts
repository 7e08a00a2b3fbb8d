import { faultPoint } from '../../core/fault-point.ts';
import type { StepLog } from '../../core/step-log.ts';
import { Database, PATIENCE_MS } from '../../database/database.ts';
import type { Deadline } from '../../lib/deadline.ts';
import { connect } from '../../postgres/connect.ts';
import { describeTarget } from '../../postgres/connection-settings.ts';
import { requireVersion } from './require-version.ts';
import type { WaitConfig, WaitOptions } from './settings.ts';

/** Enough for a healthy server, however short the deadline is: 0s means one attempt. */
const LEAST_MS = 1000;
/** The same for an answer: a locked table is told from a silent server. */
const LEAST_ANSWER_MS = 3 * PATIENCE_MS;

/** Limit of one attempt, in milliseconds. */
export function attemptMs(deadline: Deadline): number {
  return Math.max(deadline.remainingMs, LEAST_MS);
}

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
    timeoutMs: attemptMs(deadline),
    answerMs: Math.max(timeoutMs, LEAST_ANSWER_MS),
    signal,
  });
  try {
    faultPoint('connect:after');
    const askedAt = performance.now();
    // A server that accepts the connection and then never answers counts as a failed attempt.
    const limitMs = Math.min(
      2 * connection.connectTimeoutMs,
      Math.max(deadline.remainingMs, LEAST_ANSWER_MS),
    );
    const database = await session.answered(() => Database.open(session, options.seedTables), {
      limitMs,
      graceMs: 0,
    });
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
