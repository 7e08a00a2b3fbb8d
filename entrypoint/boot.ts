import type { Config } from './config.ts';
import type { Context } from './lib/context.ts';
import { withBootLock } from './steps/boot-lock.ts';
import { checkBuild } from './steps/check-build.ts';
import { migrate } from './steps/migrate.ts';
import { seed, seedTables } from './steps/seed.ts';
import { serve } from './steps/serve.ts';
import { waitForDatabase } from './steps/wait-for-database.ts';

/** The whole boot: from an empty database to a server that runs. Answers with the server's exit status. */
export async function boot(config: Config, args: readonly string[], context: Context): Promise<number> {
  const { appDir, appEnv } = config;
  const build = await checkBuild(appDir, config.build, context);
  const database = await waitForDatabase(
    config.database,
    { seedTables: seedTables(config.seed), createDatabase: true },
    context,
  );
  await withBootLock(database, config.database.lockTimeoutMs, context, async (lock) => {
    await migrate(database, lock, { ...config, prisma: build.prisma }, config.migrate, context);
    await seed(database, lock, config, config.seed, context);
  });
  await database.close();
  context.steps.summarize();
  return serve({ appDir, appEnv, serverPath: build.serverPath, args }, config.server, context);
}
