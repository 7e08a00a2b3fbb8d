import type { Config } from './config.ts';
import type { Context } from './core/context.ts';
import { withBootLock } from './steps/boot-lock.ts';
import { withBootProbe } from './steps/boot-probe.ts';
import { type Build, checkBuild } from './steps/check-build.ts';
import { migrate } from './steps/migrate.ts';
import { resolveAppEnv } from './steps/resolve-app-env.ts';
import { seed } from './steps/seed.ts';
import { loadServer, serve } from './steps/serve.ts';
import { withDatabase } from './steps/with-database.ts';

/** The whole boot: prepares the database, then runs the server. Returns the exit status of the server. */
export async function boot(config: Config, args: readonly string[], context: Context): Promise<number> {
  const build = await checkBuild(config.appDir, config.build, context);
  await using server = await loadServer({ ...config, ...build.server, args }, config.server, context);
  const appEnv = await withBootProbe(config, context, () => prepareDatabase(config, build, context));
  context.steps.summarize();
  return await serve(server, appEnv, config.server, context);
}

/** Migrates and seeds the database. Returns the environment of the server. */
async function prepareDatabase(
  config: Config,
  { prisma }: Build,
  context: Context,
): Promise<NodeJS.ProcessEnv> {
  return withDatabase(config, { createDatabase: true }, context, async (database) => {
    const appEnv = await resolveAppEnv(config, database.session, context.shutdown.signal);
    await withBootLock(database, config.database.lockTimeoutMs, context, async (lock) => {
      const migrated = await migrate(database, lock, { ...config, prisma }, config.migrate, context);
      await seed(database, lock, { ...config, appEnv, migrated }, config.seed, context);
    });
    return appEnv;
  });
}
