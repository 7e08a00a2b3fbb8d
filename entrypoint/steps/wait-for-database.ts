import type { Context } from '../core/context.ts';
import { BootError } from '../core/errors.ts';
import { faultPoint } from '../core/fault-point.ts';
import type { StepLog } from '../core/step-log.ts';
import { Database } from '../database/database.ts';
import { Backoff } from '../lib/backoff.ts';
import { Deadline } from '../lib/deadline.ts';
import { codeOf } from '../lib/describe-error.ts';
import { formatDuration } from '../lib/duration.ts';
import { connect } from '../postgres/connect.ts';
import { type ClassifiedError, classifyConnectionError } from '../postgres/connection-error.ts';
import { type ConnectionSettings, describeTarget } from '../postgres/connection-settings.ts';
import type { Session } from '../postgres/session.ts';
import { createDatabase } from './wait-for-database/create-database.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 3000;

export interface WaitConfig {
  readonly connection: ConnectionSettings;
  readonly timeoutMs: number;
}

export interface WaitOptions {
  /** Candidates for the table whose rows decide about the seed. */
  readonly seedTables: readonly string[];
  /** Whether a database that is not there is created, as `prisma migrate deploy` does. */
  readonly createDatabase: boolean;
}

/**
 * Connects, with backoff and jitter, until the deadline. What passes by itself is tried again, a line each; what takes
 * a person ends at once.
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
    for (;;) {
      try {
        return await open(config, options, deadline, shutdown.signal, log);
      } catch (error) {
        shutdown.signal.throwIfAborted();
        if (error instanceof TypeError || error instanceof RangeError) throw error;
        let failure = classifyConnectionError(error, connection);
        if (codeOf(error) === '3D000' && !options.createDatabase) failure = withAdvice(failure);
        else if (codeOf(error) === '3D000') {
          const hindrance = await createDatabase(connection, shutdown.signal, log);
          if (hindrance === undefined) continue;
          if (hindrance.passing) failure = hindrance;
        }
        if (!failure.passing) throw new BootError(failure.code, failure.problem, error);
        if (deadline.isOver) throw unavailable(config, failure, error);
        log.info(
          'retry',
          `${describeTarget(connection)} is not ready: ${failure.reason} (${formatDuration(deadline.remainingMs)} left)`,
          {
            error: { code: failure.cause },
            remainingMs: Math.round(deadline.remainingMs),
          },
        );
        await backoff.pause(deadline.remainingMs);
      }
    }
  });
}

async function open(
  { connection, timeoutMs }: WaitConfig,
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
    const asked = performance.now();
    // A server that took the connection and then says nothing is tried anew.
    const limit = AbortSignal.any([signal, AbortSignal.timeout(2 * connection.connectTimeoutMs)]);
    const database = await bounded(Database.open(session, options.seedTables), session, limit);
    const { version, standby } = database.server;
    const roundTripMs = Math.round((performance.now() - asked) * 10) / 10;
    const traits = [
      database.isBusy ? 'a table is locked by another session' : `${roundTripMs}ms a round trip`,
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
      busy: database.isBusy,
    });
    return database;
  } catch (error) {
    session.destroy();
    throw error;
  }
}

/** A query cannot be aborted; dropping its connection ends the wait for it. */
async function bounded<Result>(work: Promise<Result>, session: Session, limit: AbortSignal): Promise<Result> {
  const drop = () => session.destroy();
  limit.addEventListener('abort', drop, { once: true });
  try {
    return await work;
  } finally {
    limit.removeEventListener('abort', drop);
  }
}

/** For commands that create none: which one does. */
function withAdvice(failure: ClassifiedError): ClassifiedError {
  const hint =
    'Create it, or run `node entrypoint.js migrate`, which creates it where the role has CREATEDB and applies the migrations.';
  return { ...failure, problem: { ...failure.problem, hint } };
}

function unavailable(config: WaitConfig, failure: ClassifiedError, cause: unknown): BootError {
  const problem = {
    ...failure.problem,
    expected: `a connection to ${describeTarget(config.connection)} within ${formatDuration(config.timeoutMs)}`,
    hint: `${failure.problem.hint} ENTRYPOINT_DB_TIMEOUT says how long is waited.`,
  };
  return new BootError('DATABASE_UNAVAILABLE', problem, cause);
}
