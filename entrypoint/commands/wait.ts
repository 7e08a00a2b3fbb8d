import { EXIT_STATUS } from '../lib/errors.ts';
import { withDatabase } from '../steps/with-database.ts';
import type { Invocation } from './command.ts';

export async function wait({ config, context }: Invocation): Promise<number> {
  await withDatabase(config(), { createDatabase: false }, context, async () => undefined);
  return EXIT_STATUS.ok.status;
}
