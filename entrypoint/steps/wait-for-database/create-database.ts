import { faultPoint } from '../../core/fault-point.ts';
import type { StepLog } from '../../core/step-log.ts';
import { codeOf } from '../../lib/describe-error.ts';
import { withConnection } from '../../postgres/connect.ts';
import { type ClassifiedError, classifyConnectionError } from '../../postgres/connection-error.ts';
import type { ConnectionSettings } from '../../postgres/connection-settings.ts';
import { quoteIdentifier } from '../../postgres/session.ts';

const MAINTENANCE_DATABASES = ['postgres', 'template1'];
/** Lost a race against another replica that created the same database. */
const ALREADY_CREATED = new Set(['42P04', '23505']);
/** Somebody is connected to the template: that passes. */
const TEMPLATE_IN_USE = '55006';

/** Creates the database that is not there; answers with what hinders that, if anything does. */
export async function createDatabase(
  connection: ConnectionSettings,
  signal: AbortSignal,
  log: StepLog,
): Promise<ClassifiedError | undefined> {
  let hindrance: ClassifiedError | undefined;
  for (const database of MAINTENANCE_DATABASES) {
    try {
      faultPoint('database:create');
      await withConnection(connection, { database, signal }, (session) =>
        session.send(`CREATE DATABASE ${quoteIdentifier(connection.database)}`),
      );
      faultPoint('database:created');
      log.info('created', `database "${connection.database}" was missing and has been created`);
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      if (ALREADY_CREATED.has(codeOf(error))) return undefined;
      const failure = classifyConnectionError(error, connection);
      hindrance = codeOf(error) === TEMPLATE_IN_USE ? { ...failure, passing: true } : failure;
      if (hindrance.passing) return hindrance;
    }
  }
  return hindrance;
}
