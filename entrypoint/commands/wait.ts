import { EXIT_STATUS } from '../core/errors.ts';
import { waitForFurther } from '../steps/further-databases.ts';
import { withDatabase } from '../steps/with-database.ts';
import { skipDatabase } from '../steps/without-database.ts';
import type { Invocation } from './command.ts';

/** Waits for the database as `start` does, and creates it if it is missing. */
export async function wait({ config, context }: Invocation): Promise<number> {
  const given = config();
  if (given.database === undefined) await skipDatabase(given, context);
  else {
    await waitForFurther(given, context);
    await withDatabase(given, { createDatabase: true }, context, async () => undefined);
  }
  return EXIT_STATUS.ok.status;
}
