import pg from 'pg';
import { BootError } from '../core/errors.ts';
import { codeOf, messageOf } from '../lib/describe-error.ts';
import { ShutdownError } from '../lib/shutdown.ts';
import { isRetryableSystemError } from './connection-error.ts';
import { type ConnectionSettings, describeTarget } from './connection-settings.ts';

/**
 * Class 08, and the codes with which the server ends a session: shutdown, crash, database dropped, idle session timeout,
 * transaction timeout.
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const ENDS_SESSION = /^(?:08|57P0[1-5]$|25P0[34]$)/;
/** Messages without a code, of node-postgres and of `Session`, for a connection that is gone. */
const DRIVER_MESSAGE =
  /^(?:Connection (?:terminated|closed)|Client (?:has encountered|was closed)|Query read timeout)/;

/** Whether the server ended the session at a `transaction_timeout`, and rolled the transaction back. */
export function isTransactionTimeout(error: unknown): boolean {
  return error instanceof pg.DatabaseError && codeOf(error) === '25P04';
}

/** Whether a query failed because its connection is gone, so that its outcome is unknown. */
export function isConnectionLoss(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) {
    // A PANIC, as of a server whose disk is full, has the code of an ordinary error.
    return ENDS_SESSION.test(codeOf(error)) || error.severity === 'FATAL' || error.severity === 'PANIC';
  }
  return error instanceof Error && (isRetryableSystemError(error) || DRIVER_MESSAGE.test(error.message));
}

/**
 * The loss of a connection during the work. Whatever was being applied is either complete, rolled back or recorded. The
 * signal itself if it was given up because of that.
 */
export function connectionLost(settings: ConnectionSettings, cause: unknown): BootError | ShutdownError {
  if (cause instanceof ShutdownError) return cause;
  const code = codeOf(cause);
  const problem = {
    message: `Lost the connection to ${describeTarget(settings)}: ${messageOf(cause)}${code === 'none' ? '' : ` (${code})`}`,
    hint: 'Restart: the next start finds out what was applied and continues from there.',
  };
  return new BootError('DATABASE_CONNECTION_LOST', problem, cause);
}
