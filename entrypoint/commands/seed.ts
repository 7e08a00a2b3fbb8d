import { EXIT_STATUS } from '../lib/errors.ts';
import { withBootLock } from '../steps/boot-lock.ts';
import { seed as seedStep } from '../steps/seed.ts';
import { withDatabase } from '../steps/with-database.ts';
import type { Invocation } from './command.ts';

export async function seed({ config: read, flags, context }: Invocation): Promise<number> {
  const config = read();
  const settings = flags.force === true ? { ...config.seed, mode: 'always' as const } : config.seed;
  await withDatabase(config, { createDatabase: false }, context, (database) =>
    withBootLock(database, config.database.lockTimeoutMs, context, (lock) =>
      seedStep(database, lock, config, settings, context),
    ),
  );
  context.steps.summarize();
  return EXIT_STATUS.ok.status;
}
