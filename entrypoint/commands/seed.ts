import { BootError, EXIT_STATUS } from '../core/errors.ts';
import { withBootLock } from '../steps/boot-lock.ts';
import { resolveAppEnv } from '../steps/resolve-app-env.ts';
import { DEFAULT_SEED, seedCommand, seed as seedStep } from '../steps/seed.ts';
import { withDatabase } from '../steps/with-database.ts';
import { skipDatabase } from '../steps/without-database.ts';
import type { Invocation } from './command.ts';

export async function seed({ config: read, flags, context }: Invocation): Promise<number> {
  const config = read();
  if (config.database === undefined) {
    await skipDatabase(config, context);
    return EXIT_STATUS.ok.status;
  }
  const settings = flags.force === true ? { ...config.seed, mode: 'always' as const } : config.seed;
  if (seedCommand(config.appDir, settings) === undefined) throw noSeed(config.appDir);
  await withDatabase(config, { createDatabase: false }, context, async (database) => {
    const appEnv = await resolveAppEnv(config, database.session, context.shutdown.signal);
    await withBootLock(database, config.database.lockTimeoutMs, context, (exclusion) =>
      seedStep(exclusion, { ...config, appEnv, migrated: true }, settings, context),
    );
  });
  context.steps.summarize();
  return EXIT_STATUS.ok.status;
}

function noSeed(appDir: string): BootError {
  return new BootError('SEED_MISSING', {
    what: 'the seed',
    expected: `${DEFAULT_SEED} in ${appDir}, or a command in ENTRYPOINT_SEED_COMMAND`,
    got: 'neither',
    hint: `Copy it (COPY --from=builder /app/${DEFAULT_SEED} ./), or set ENTRYPOINT_SEED_COMMAND.`,
  });
}
