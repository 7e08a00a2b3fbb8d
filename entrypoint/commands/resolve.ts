import { BootError, EXIT_STATUS } from '../core/errors.ts';
import { withBootLock } from '../steps/boot-lock.ts';
import { checkPrismaFolder } from '../steps/check-build.ts';
import { withDatabase } from '../steps/with-database.ts';
import type { Invocation } from './command.ts';
import { selectDatabase } from './select-database.ts';

export async function resolve({ config: read, flags, context }: Invocation): Promise<number> {
  const { applied, 'rolled-back': rolledBack } = flags;
  const name = applied ?? rolledBack;
  if (typeof name !== 'string' || (applied !== undefined && rolledBack !== undefined)) {
    throw new BootError('USAGE', {
      what: 'resolve',
      expected: 'either --applied NAME or --rolled-back NAME',
      got: applied === undefined ? 'neither' : 'both',
      hint: 'Use --applied if all of the migration is in the database, --rolled-back if nothing of it is. `status` lists the names.',
    });
  }
  const config = selectDatabase(read(), 'resolve', flags);
  const prisma = await checkPrismaFolder(config.appDir, { ...config.build, engine: 'embedded' }, context);
  const outcome = applied === undefined ? 'rolled-back' : 'applied';
  const { resolveMigration } = await import('../steps/resolve.ts');
  await withDatabase(config, { createDatabase: false }, context, (database) =>
    withBootLock(database, config.database.lockTimeoutMs, context, (exclusion) =>
      resolveMigration(exclusion, prisma, { name, outcome }, context),
    ),
  );
  return EXIT_STATUS.ok.status;
}
