import { EXIT_STATUS } from '../core/errors.ts';
import { withBootLock } from '../steps/boot-lock.ts';
import { checkPrismaFolder } from '../steps/check-build.ts';
import { migrateFurther } from '../steps/further-databases.ts';
import { checkHooks } from '../steps/hooks.ts';
import { migrateWithHooks } from '../steps/migrate-with-hooks.ts';
import { resolveAppEnv } from '../steps/resolve-app-env.ts';
import { withDatabase } from '../steps/with-database.ts';
import { skipDatabase } from '../steps/without-database.ts';
import type { Invocation } from './command.ts';

export async function migrate({ config: read, context }: Invocation): Promise<number> {
  const config = read();
  if (config.database === undefined) {
    await skipDatabase(config, context);
    return EXIT_STATUS.ok.status;
  }
  const prisma = await checkPrismaFolder(config.appDir, config.build, context);
  await checkHooks(config, context);
  await migrateFurther(config, prisma, context);
  await withDatabase(config, { createDatabase: true }, context, async (database) => {
    const appEnv = await resolveAppEnv(config, database.session, context.shutdown.signal);
    await withBootLock(database, config.database.lockTimeoutMs, context, (exclusion) =>
      migrateWithHooks(exclusion, { ...config, appEnv, prisma }, config.migrate, context),
    );
  });
  context.steps.summarize();
  return EXIT_STATUS.ok.status;
}
