import type { Context } from '../core/context.ts';
import { BootError } from '../core/errors.ts';
import { withBootLock } from './boot-lock.ts';
import type { PrismaFolder } from './check-build/check-prisma.ts';
import type { MigrateConfig, MigrateTarget } from './migrate/settings.ts';
import { migrate } from './migrate.ts';
import type { WaitConfig } from './wait-for-database/settings.ts';
import { withDatabase } from './with-database.ts';

/** A database of the app beside the first, with a history of its own. */
export interface FurtherDatabase {
  readonly name: string;
  readonly database: WaitConfig & MigrateTarget['database'] & { readonly isOptional: boolean };
}

interface Target {
  readonly appDir: string;
  readonly appEnv: NodeJS.ProcessEnv;
  readonly migrate: MigrateConfig;
  readonly further: readonly FurtherDatabase[];
}

/** Migrates the further databases in their order, each under its own locks. The first that fails ends the boot. */
export async function migrateFurther(target: Target, prisma: PrismaFolder, context: Context): Promise<void> {
  for (const { name, database } of target.further) {
    context.log.info({ step: 'database', event: 'further' }, `database ${name}`);
    const folder = prisma.further.get(name);
    if (folder === undefined) throw new Error('checkPrisma reads the folder of each database');
    await naming(name, () => migrateOne(name, database, { ...target, prisma: folder }, context));
  }
}

/** Only waits for them, and creates what is missing. */
export async function waitForFurther({ further }: Pick<Target, 'further'>, context: Context): Promise<void> {
  for (const { name, database } of further)
    await naming(name, () =>
      withDatabase({ database, seed: NO_SEED }, { createDatabase: true }, context, async () => undefined),
    );
}

const NO_SEED = { table: undefined };

async function migrateOne(
  name: string,
  database: FurtherDatabase['database'],
  target: Target & { readonly prisma: PrismaFolder },
  context: Context,
): Promise<void> {
  const whenUnreachable = async ({ code, message }: BootError) =>
    context.log.warn(
      { step: 'database', event: 'continued', error: { code, message } },
      `the database ${name} cannot be used and ENTRYPOINT_DATABASE=optional: it is not migrated (${code})`,
    );
  const options = { createDatabase: true, whenUnreachable };
  await withDatabase({ database, seed: NO_SEED }, options, context, (open) =>
    withBootLock(open, database.lockTimeoutMs, context, async (exclusion) => {
      await migrate(exclusion, { ...target, database }, target.migrate, context);
    }),
  );
}

/** A message names the settings and commands of the first database: says which one it is about. */
async function naming(name: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw error instanceof BootError ? ofFurther(name, error) : error;
  }
}

export function ofFurther(name: string, { code, problems, cause }: BootError): BootError {
  const note = `This is about the database ${name} of zarpe.config.json: add \`--database ${name}\` to status, resolve and baseline.`;
  const noted = problems.map((problem) => ({ ...problem, details: [...(problem.details ?? []), note] }));
  return new BootError(code, noted, cause);
}
