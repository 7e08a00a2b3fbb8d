import type { Context } from '../core/context.ts';
import type { Database } from '../database/database.ts';

/** Looks again at a database that was busy, and waits until its tables can be read. */
export async function settleDatabase(database: Database, { steps }: Context): Promise<void> {
  if (!database.isBusy) return;
  await steps.run('database', async (log) => {
    await database.refresh();
    log.done('its tables can be read again');
  });
}
