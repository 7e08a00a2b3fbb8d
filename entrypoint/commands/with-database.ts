import type { Config } from '../config.ts';
import type { Context } from '../lib/context.ts';
import type { Database } from '../prisma/database.ts';
import { seedTables } from '../steps/seed.ts';
import { waitForDatabase } from '../steps/wait-for-database.ts';

/** Waits for the database, works with it, and closes it. */
export async function withDatabase<Result>(
  config: Config,
  options: { readonly createDatabase: boolean },
  context: Context,
  work: (database: Database) => Promise<Result>,
): Promise<Result> {
  const database = await waitForDatabase(
    config.database,
    { seedTables: seedTables(config.seed), ...options },
    context,
  );
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}
