import type { Context } from '../core/context.ts';
import type { Exclusion } from './boot-lock.ts';
import type { HookTarget } from './hooks/settings.ts';
import { runHooks } from './hooks.ts';
import type { MigrateConfig, MigrateResult, MigrateTarget } from './migrate/settings.ts';
import { migrate } from './migrate.ts';

/** Migrates, between the hooks that run before and after it. */
export async function migrateWithHooks(
  exclusion: Exclusion,
  target: MigrateTarget & HookTarget,
  config: MigrateConfig,
  context: Context,
): Promise<MigrateResult> {
  await runHooks({ stage: 'beforeMigrate', target, facts: {}, exclusion }, context);
  const result = await migrate(exclusion, target, config, context);
  await runHooks({ stage: 'afterMigrate', target, facts: result, exclusion }, context);
  return result;
}
