import { BootError } from '../../core/errors.ts';
import { faultPoint } from '../../core/fault-point.ts';
import type { StepLog } from '../../core/step-log.ts';
import { codeOf } from '../../lib/describe-error.ts';
import { withConnection } from '../../postgres/connect.ts';
import { type ConnectionFailure, classifyConnectionError } from '../../postgres/connection-error.ts';
import type { ConnectionSettings } from '../../postgres/connection-settings.ts';
import { quoteIdentifier } from '../../postgres/session.ts';

const MAINTENANCE_DATABASES = ['postgres', 'template1'];
/** Another replica created the same database first. */
const ALREADY_CREATED = new Set(['42P04', '23505']);
/** object_in_use: another session is connected to the template database. */
const TEMPLATE_IN_USE = '55006';

/** For the commands that do not create a missing database. */
export const CREATE_HINT =
  'Create the database, or run `node entrypoint.js migrate`, which creates it if the role has CREATEDB and applies the migrations.';

/**
 * Creates the database of the settings.
 * @param failure why the connection to it failed
 * @returns the failure that is left; undefined where the database exists now
 */
export async function createDatabase(
  failure: ConnectionFailure,
  connection: ConnectionSettings,
  { limitMs, signal }: { readonly limitMs: number; readonly signal: AbortSignal },
  log: StepLog,
): Promise<ConnectionFailure | undefined> {
  let obstacle: ConnectionFailure | undefined;
  for (const database of MAINTENANCE_DATABASES) {
    try {
      faultPoint('database:create');
      const options = { database, timeoutMs: limitMs, answerMs: limitMs, signal };
      await withConnection(connection, options, (session) =>
        session.waiting(() => session.send(`CREATE DATABASE ${quoteIdentifier(connection.database)}`)),
      );
      faultPoint('database:created');
      log.info('created', `created database "${connection.database}"`);
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof BootError) throw error;
      if (ALREADY_CREATED.has(codeOf(error))) return undefined;
      obstacle = classifyConnectionError(error, connection);
      if (obstacle.nativeCode === TEMPLATE_IN_USE || obstacle.retryable)
        return { ...obstacle, retryable: true };
    }
  }
  return { ...failure, reason: `${failure.reason}, and could not be created: ${obstacle?.reason}` };
}

/** The server has the database by its own account, and what answers for it has not. */
export function missingInPooler(
  failure: ConnectionFailure,
  { source }: ConnectionSettings,
): ConnectionFailure {
  const hint = `The server has the database, and what ${source.url} names has not: add it to the databases of the pooler.`;
  return { ...failure, retryable: true, hint };
}
