import type { Context } from '../core/context.ts';
import type { Database } from '../database/database.ts';
import { seedTables } from '../database/survey-answer.ts';
import { connectionLost, isConnectionLoss } from '../postgres/connection-lost.ts';
import { explainStatementError } from '../postgres/statement-error.ts';
import { type WaitConfig, waitForDatabase } from './wait-for-database.ts';

/** Waits for the database, runs `work` with it, and always closes the connection. */
export async function withDatabase<Result>(
  config: { readonly database: WaitConfig; readonly seed: { readonly table: string | undefined } },
  options: { readonly createDatabase: boolean },
  context: Context,
  work: (database: Database) => Promise<Result>,
): Promise<Result> {
  const waitOptions = { seedTables: seedTables(config.seed.table), ...options };
  const database = await waitForDatabase(config.database, waitOptions, context);
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
    await database.refresh();
    log.done('the tables are no longer locked');
  });
}
