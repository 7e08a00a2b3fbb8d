import type { Context } from '../core/context.ts';
import type { Database } from '../database/database.ts';
import type { BootLock } from './boot-lock.ts';
import type { HookTarget } from './hooks/settings.ts';
import { runHooks } from './hooks.ts';
import type { MigrateConfig, MigrateResult, MigrateTarget } from './migrate/settings.ts';
import { migrate } from './migrate.ts';

/** Migrates, between the hooks that run before and after it. */
export async function migrateWithHooks(
  database: Database,
  lock: BootLock,
  target: MigrateTarget & HookTarget,
  config: MigrateConfig,
  context: Context,
): Promise<MigrateResult> {
  const exclusion = { database, lock };
  await runHooks('beforeMigrate', target, {}, exclusion, context);
  const result = await migrate(database, lock, target, config, context);
  await runHooks('afterMigrate', target, result, exclusion, context);
  return result;
}
