import { EXIT_STATUS } from '../core/errors.ts';
import { withBootLock } from '../steps/boot-lock.ts';
import { checkPrismaFolder } from '../steps/check-build.ts';
import { migrate as migrateStep } from '../steps/migrate.ts';
import { withDatabase } from '../steps/with-database.ts';
import type { Invocation } from './command.ts';

export async function migrate({ config: read, context }: Invocation): Promise<number> {
  const config = read();
  const prisma = await checkPrismaFolder(config.appDir, config.build, context);
  await withDatabase(config, { createDatabase: true }, context, (database) =>
    withBootLock(database, config.database.lockTimeoutMs, context, (lock) =>
      migrateStep(database, lock, { ...config, prisma }, config.migrate, context),
    ),
  );
  context.steps.summarize();
  return EXIT_STATUS.ok.status;
}
