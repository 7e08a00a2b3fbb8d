import type { AnyConfig } from './config.ts';
import type { Context } from './core/context.ts';
import type { BootError } from './core/errors.ts';
import { withBootLock } from './steps/boot-lock.ts';
import { withBootProbe } from './steps/boot-probe.ts';
import { type Build, checkBuild } from './steps/check-build.ts';
import { migrateFurther } from './steps/further-databases.ts';
import type { Prepared } from './steps/hooks/settings.ts';
import { checkHooks, runHooks } from './steps/hooks.ts';
import { migrateWithHooks } from './steps/migrate-with-hooks.ts';
import { resolveAppEnv } from './steps/resolve-app-env.ts';
import { putValues } from './steps/runtime-values.ts';
import { seed } from './steps/seed.ts';
import { loadServer, serve } from './steps/serve.ts';
import { withDatabase } from './steps/with-database.ts';
import { continueWithout, skipDatabase } from './steps/without-database.ts';

/** The whole boot: prepares the database, then runs the server. Returns the exit status of the server. */
export async function boot(config: AnyConfig, args: readonly string[], context: Context): Promise<number> {
  const build = await putValues(await checkBuild(config.appDir, config.build, context), config, context);
  await checkHooks(config, context);
  await using server = await loadServer({ ...config, ...build.server, args }, config.server, context);
  const appEnv = await withBootProbe(config, context, async () => {
    const { appEnv, facts } = await prepareDatabase(config, build, context);
    await runHooks({ stage: 'beforeServer', target: { ...config, appEnv }, facts }, context);
    return appEnv;
  });
  context.steps.summarize();
  return await serve(server, appEnv, config.server, context);
}

/** Migrates the databases and seeds the first, if there is one. */
async function prepareDatabase(config: AnyConfig, { prisma }: Build, context: Context): Promise<Prepared> {
  if (config.database === undefined) return skipDatabase(config, context);
  await migrateFurther(config, prisma, context);
  const whenUnreachable = (error: BootError) => continueWithout(error, config, context);
  return withDatabase(config, { createDatabase: true, whenUnreachable }, context, async (database) => {
    const appEnv = await resolveAppEnv(config, database.session, context.shutdown.signal);
    return withBootLock(database, config.database.lockTimeoutMs, context, async (exclusion) => {
      const target = { ...config, appEnv, prisma };
      const migration = await migrateWithHooks(exclusion, target, config.migrate, context);
      const seeded = await seed(exclusion, { ...target, ...migration }, config.seed, context);
      const facts = { ...migration, seeded };
      await runHooks({ stage: 'beforeServerExclusive', target, facts, exclusion }, context);
      return { appEnv, facts };
    });
  });
}
