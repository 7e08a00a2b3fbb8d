import { EXIT_STATUS } from '../core/errors.ts';
import { withDatabase } from '../steps/with-database.ts';
import type { Invocation } from './command.ts';

/** Ends well where `start` would find its database: one that is missing is created. */
export async function wait({ config, context }: Invocation): Promise<number> {
  await withDatabase(config(), { createDatabase: true }, context, async () => undefined);
  return EXIT_STATUS.ok.status;
}
