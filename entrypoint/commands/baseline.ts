import { BootError, EXIT_STATUS } from '../core/errors.ts';
import { withBootLock } from '../steps/boot-lock.ts';
import { checkPrismaFolder } from '../steps/check-build.ts';
import { withDatabase } from '../steps/with-database.ts';
import type { Invocation } from './command.ts';
import { selectDatabase } from './select-database.ts';

export async function baseline({
  config: read,
  argument: last,
  flags,
  context,
}: Invocation): Promise<number> {
  if (last === undefined) {
    throw new BootError('USAGE', {
      what: 'baseline',
      expected: 'the name of a migration',
      got: 'none',
      hint: 'Name the last migration that the database already has: `node entrypoint.js baseline NAME`.',
    });
  }
  const config = selectDatabase(read(), 'baseline', flags);
  const prisma = await checkPrismaFolder(config.appDir, { ...config.build, engine: 'embedded' }, context);
  const { folder } = prisma;
  if (folder === undefined) throw new Error('a complete Prisma folder has migrations');
  const { baseline: record } = await import('../steps/baseline.ts');
  await withDatabase(config, { createDatabase: false }, context, (database) =>
    withBootLock(database, config.database.lockTimeoutMs, context, (exclusion) =>
      record(exclusion, { ...config, prisma, folder, last }, config.migrate, context),
    ),
  );
  return EXIT_STATUS.ok.status;
}
