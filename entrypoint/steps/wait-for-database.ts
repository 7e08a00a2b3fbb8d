import type { Context } from '../core/context.ts';
import { BootError } from '../core/errors.ts';
import type { Database } from '../database/database.ts';
import { Backoff } from '../lib/backoff.ts';
import { Deadline } from '../lib/deadline.ts';
import { formatDuration } from '../lib/duration.ts';
import {
  type ConnectionFailure,
  classifyConnectionError,
  connectionError,
} from '../postgres/connection-error.ts';
import { describeTarget } from '../postgres/connection-settings.ts';
import { CREATE_HINT, createDatabase, missingInPooler } from './wait-for-database/create-database.ts';
import { attemptMs, logOpened, openDatabase } from './wait-for-database/open-database.ts';
import type { WaitConfig, WaitOptions } from './wait-for-database/settings.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 3000;

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
        const opened = await openDatabase(config, options, deadline, shutdown.signal);
        logOpened(opened, log);
        return opened.database;
      } catch (error) {
        shutdown.signal.throwIfAborted();
        if ([BootError, TypeError, RangeError].some((type) => error instanceof type)) throw error;
        let failure = classifyConnectionError(error, connection);
        if (failure.code === 'DATABASE_MISSING') {
          const left = options.createDatabase
            ? await createDatabase(
                failure,
                connection,
                { limitMs: attemptMs(deadline), signal: shutdown.signal },
                log,
              )
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

function unavailable(config: WaitConfig, failure: ConnectionFailure, cause: unknown): BootError {
  const problem = {
    message: `Could not connect to ${describeTarget(config.connection)} within ${formatDuration(config.timeoutMs)}: ${failure.reason}`,
    hint: `${failure.hint} To wait longer, raise ENTRYPOINT_DB_TIMEOUT.`,
  };
  return new BootError('DATABASE_UNAVAILABLE', problem, cause);
}
