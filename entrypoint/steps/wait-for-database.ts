import type { Context } from '../core/context.ts';
import { BootError } from '../core/errors.ts';
import { faultPoint } from '../core/fault-point.ts';
import type { StepLog } from '../core/step-log.ts';
import { Database } from '../database/database.ts';
import { Backoff } from '../lib/backoff.ts';
import { Deadline } from '../lib/deadline.ts';
import { formatDuration } from '../lib/duration.ts';
import { connect } from '../postgres/connect.ts';
import {
  type ConnectionFailure,
  classifyConnectionError,
  connectionError,
} from '../postgres/connection-error.ts';
import { type ConnectionSettings, describeTarget } from '../postgres/connection-settings.ts';
import type { Session } from '../postgres/session.ts';
import { CREATE_HINT, createDatabase, missingInPooler } from './wait-for-database/create-database.ts';
import { requireVersion } from './wait-for-database/require-version.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 3000;

export interface WaitConfig {
  readonly connection: ConnectionSettings;
  readonly timeoutMs: number;
  readonly minVersion: number | undefined;
}

export interface WaitOptions {
  /** Candidates for the table whose rows decide whether to seed. */
  readonly seedTables: readonly string[];
  /** Whether to create a missing database, as `prisma migrate deploy` does. */
  readonly createDatabase: boolean;
}

/**
 * Connects, with backoff and jitter, until the deadline. Logs and retries a failure that another attempt may get past;
 * throws at once where manual action is required.
 */
export async function waitForDatabase(
  config: WaitConfig,
  options: WaitOptions,
  { steps, shutdown }: Context,
): Promise<Database> {
  return steps.run('database', async (log) => {
    const { connection } = config;
    const deadline = new Deadline(config.timeoutMs);
    const backoff = new Backoff({
      firstMs: FIRST_PAUSE_MS,
      longestMs: LONGEST_PAUSE_MS,
      signal: shutdown.signal,
    });
    let exists = false;
    for (;;) {
      try {
        return await open(config, options, deadline, shutdown.signal, log);
      } catch (error) {
        shutdown.signal.throwIfAborted();
        if ([BootError, TypeError, RangeError].some((type) => error instanceof type)) throw error;
        let failure = classifyConnectionError(error, connection);
        if (failure.code === 'DATABASE_MISSING') {
          const left = options.createDatabase
            ? await createDatabase(failure, connection, shutdown.signal, log)
            : { ...failure, hint: CREATE_HINT };
          if (left === undefined && !exists) {
            exists = true;
            continue;
          }
          failure = left ?? missingInPooler(failure, connection);
        }
        if (!failure.retryable) throw connectionError(failure, connection, error);
        if (deadline.isOver) throw unavailable(config, failure, error);
        const left = formatDuration(deadline.remainingMs);
        log.info(
          'retry',
          `cannot connect to ${describeTarget(connection)} yet: ${failure.reason}; retrying for ${left}`,
          {
            error: { code: failure.nativeCode },
            remainingMs: Math.round(deadline.remainingMs),
          },
        );
        await backoff.pause(deadline.remainingMs);
      }
    }
  });
}

async function open(
  { connection, timeoutMs, minVersion }: WaitConfig,
  options: WaitOptions,
  deadline: Deadline,
  signal: AbortSignal,
  log: StepLog,
): Promise<Database> {
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
    const { version, standby } = database.server;
    const roundTripMs = Math.round((performance.now() - askedAt) * 10) / 10;
    const traits = [
      database.isLocked ? 'tables locked by another session' : `round trip ${roundTripMs}ms`,
      session.encrypted ? ', TLS' : '',
      standby ? ', standby' : '',
      database.isPooled ? ', pooled' : '',
    ];
    log.done(`PostgreSQL ${version} at ${describeTarget(connection)} (${traits.join('')})`, {
      serverVersion: version,
      roundTripMs,
      encrypted: session.encrypted,
      standby,
      pooled: database.isPooled,
      busy: database.isLocked,
    });
    return database;
  } catch (error) {
    session.destroy();
    throw error;
  }
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

function unavailable(config: WaitConfig, failure: ConnectionFailure, cause: unknown): BootError {
  const problem = {
    message: `Could not connect to ${describeTarget(config.connection)} within ${formatDuration(config.timeoutMs)}: ${failure.reason}`,
    hint: `${failure.hint} To wait longer, raise ENTRYPOINT_DB_TIMEOUT.`,
  };
  return new BootError('DATABASE_UNAVAILABLE', problem, cause);
}
