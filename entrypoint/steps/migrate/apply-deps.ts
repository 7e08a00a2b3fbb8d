import type { Context } from '../../core/context.ts';
import type { StepLog } from '../../core/step-log.ts';
import type { MigrationsFolder } from '../../migrations/migrations-folder.ts';
import type { Exclusion } from '../boot-lock.ts';
import type { MigrateConfig, MigrateTarget, PendingMigrations } from './settings.ts';

/** What the step has to migrate with. */
export interface MigrateDeps<Target = MigrateTarget & { readonly folder: MigrationsFolder }>
  extends Exclusion {
  readonly target: Target;
  readonly config: MigrateConfig;
  readonly context: Context;
  readonly log: StepLog;
  /** Aborted when the migrations have to stop; its reason is what the boot ends with. */
  readonly ends: AbortSignal;
}

/** What pending migrations are applied with. */
export interface ApplyDeps extends MigrateDeps<MigrateTarget & PendingMigrations> {
  /** `_prisma_migrations`, qualified and quoted. */
  readonly table: string;
  readonly noticesLostClient: boolean;
}
