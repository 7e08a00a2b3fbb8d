import type { Context } from '../core/context.ts';
import type { Database } from '../database/database.ts';
import { connectionLost, isConnectionLoss } from '../postgres/connection-lost.ts';
import type { SeedConfig } from './seed/settings.ts';
import { seedTables } from './seed.ts';
import { type WaitConfig, waitForDatabase } from './wait-for-database.ts';

/** Waits for the database, works with it, and closes it. */
export async function withDatabase<Result>(
  config: { readonly database: WaitConfig; readonly seed: SeedConfig },
  options: { readonly createDatabase: boolean },
  context: Context,
  work: (database: Database) => Promise<Result>,
): Promise<Result> {
  const tables = { seedTables: seedTables(config.seed), ...options };
  const database = await waitForDatabase(config.database, tables, context);
  try {
    return await work(database);
  } catch (error) {
    throw isConnectionLoss(error) ? connectionLost(config.database.connection, error) : error;
  } finally {
    database.close();
  }
}
