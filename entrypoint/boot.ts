import type { Config } from './config.ts';
import type { Context } from './lib/context.ts';
import { withBootLock } from './steps/boot-lock.ts';
import { withBootProbe } from './steps/boot-probe.ts';
import { type Build, checkBuild } from './steps/check-build.ts';
import { migrate } from './steps/migrate.ts';
import { seed } from './steps/seed.ts';
import { serve } from './steps/serve.ts';
import { withDatabase } from './steps/with-database.ts';

/** The whole boot: from an empty database to a server that runs. Answers with the server's exit status. */
export async function boot(config: Config, args: readonly string[], context: Context): Promise<number> {
  const build = await withBootProbe(config.server, context, () => prepare(config, context));
  context.steps.summarize();
  return serve({ ...config, serverPath: build.serverPath, args }, config.server, context);
}

/** Everything before the server: a complete image, and a database that fits it. */
async function prepare(config: Config, context: Context): Promise<Build> {
  const build = await checkBuild(config.appDir, config.build, context);
  await withDatabase(config, { createDatabase: true }, context, (database) =>
    withBootLock(database, config.database.lockTimeoutMs, context, async (lock) => {
      await migrate(database, lock, { ...config, prisma: build.prisma }, config.migrate, context);
      await seed(database, lock, config, config.seed, context);
    }),
  );
  return build;
}
