import pg from 'pg';
import { BootError } from '../core/errors.ts';
import { codeOf } from '../lib/describe-error.ts';
import { isConnectionLoss } from './connection-lost.ts';

/** SQLSTATE: rollbacks, resources, a lock that could not be acquired, a cancelled statement, system errors. */
const PASSES = /^(?:40|53|58)[0-9A-Z]{3}$|^(?:55P03|57014)$/;

/** The failure of a statement of ours, which no script and no bug made fail; undefined for what is no error of the server. */
export function explainStatementError(error: unknown): BootError | undefined {
  if (!(error instanceof pg.DatabaseError)) return undefined;
  const code = codeOf(error);
  const message = `PostgreSQL did not carry out a statement of Zarpe: ${error.message} (${code})`;
  const hint = `${reasonOf(error)}: restarting may help.`;
  return PASSES.test(code)
    ? new BootError('RESOURCE_EXHAUSTED', { message, hint }, error)
    : new BootError(
        'DATABASE_ACCESS_REFUSED',
        { message, hint: 'Give the role what it lacks; the log of the PostgreSQL server says more.' },
        error,
      );
}

/** The same of one that passes by itself, and has left the connection: the schema engine tells no SQLSTATE of it. */
export function explainPassing(error: unknown): BootError | undefined {
  const known = isConnectionLoss(error) ? undefined : explainStatementError(error);
  return known?.exit.retryable === true ? known : undefined;
}

function reasonOf({ code, message }: pg.DatabaseError): string {
  if (code !== '57014') return 'The log of the PostgreSQL server says more';
  return message.includes('statement timeout')
    ? 'The statement_timeout of the role, the database or the configuration is too short for it: raise it'
    : 'Another session cancelled it (pg_cancel_backend)';
}
