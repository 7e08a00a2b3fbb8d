import pg from 'pg';
import { BootError } from '../core/errors.ts';
import { codeOf, messageOf } from '../lib/describe-error.ts';
import { isPassingSystemError } from './connection-error.ts';
import { type ConnectionSettings, describeTarget } from './connection-settings.ts';

/**
 * Class 08, and those with which the server ends a session: shutdown, crash, database dropped, and the timeouts of
 * idle sessions and of transactions.
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const ENDS_SESSION = /^(?:08|57P0[1-5]$|25P0[34]$)/;
/** What node-postgres, and our session, say of a connection that is gone, without a code. */
const DRIVER_MESSAGE =
  /^(?:Connection (?:terminated|closed)|Client (?:has encountered|was closed)|Query read timeout)/;

/** Whether a query failed because its connection is gone: then nobody knows how far it got. */
export function isConnectionLoss(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) {
    // Such as the PANIC of a server whose disk is full, whose code would be that of an ordinary error.
    return ENDS_SESSION.test(codeOf(error)) || error.severity === 'FATAL' || error.severity === 'PANIC';
  }
  return error instanceof Error && (isPassingSystemError(error) || DRIVER_MESSAGE.test(error.message));
}

/** The loss of a connection in the middle of the work, as a failure that another start mends. */
export function connectionLost(settings: ConnectionSettings, cause: unknown): BootError {
  const problem = {
    what: `the connection to ${describeTarget(settings)}`,
    expected: 'one that lasts as long as the work',
    got: `"${messageOf(cause)}"`,
    hint: 'Start again: what was being applied is there whole or not at all, or its record says what to do.',
  };
  return new BootError('DATABASE_CONNECTION_LOST', problem, cause);
}
