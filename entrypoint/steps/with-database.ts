import type { Context } from '../core/context.ts';
import type { BootError } from '../core/errors.ts';
import type { Database } from '../database/database.ts';
import { seedTables } from '../database/survey-answer.ts';
import { connectionLost, isConnectionLoss } from '../postgres/connection-lost.ts';
import { explainStatementError } from '../postgres/statement-error.ts';
import type { WaitConfig } from './wait-for-database/settings.ts';
import { waitForDatabase } from './wait-for-database.ts';
import { isUnreachable } from './without-database.ts';

interface Options<Result> {
  readonly createDatabase: boolean;
  /** Runs in place of the work if ENTRYPOINT_DATABASE=optional and the connection fails. */
  readonly whenUnreachable?: (error: BootError) => Promise<Result>;
}

interface DatabaseTarget {
  readonly database: WaitConfig & { readonly isOptional: boolean };
  readonly seed: { readonly table: string | undefined };
}

/** Waits for the database, runs `work` with it, and always closes the connection. */
export async function withDatabase<Result>(
  config: DatabaseTarget,
  { whenUnreachable, ...options }: Options<Result>,
  context: Context,
  work: (database: Database) => Promise<Result>,
): Promise<Result> {
  const waitOptions = { seedTables: seedTables(config.seed.table), ...options };
  let database: Database;
  try {
    database = await waitForDatabase(config.database, waitOptions, context);
  } catch (error) {
    if (whenUnreachable === undefined || !config.database.isOptional || !isUnreachable(error)) throw error;
    return whenUnreachable(error);
  }
  try {
    return await work(database);
  } catch (error) {
    if (isConnectionLoss(error)) throw connectionLost(config.database.connection, error);
    throw explainStatementError(error) ?? error;
  } finally {
    database.close();
  }
}

/** Where the tables were locked at first: waits until they can be read. */
export async function waitForTableLocks(database: Database, { steps }: Context): Promise<void> {
  if (!database.isLocked) return;
  await steps.run('database', async (log) => {
    await database.session.waiting(() => database.refresh());
    log.done('the tables are no longer locked');
  });
}
