import type { Context } from '../../core/context.ts';
import type { StepLog } from '../../core/step-log.ts';
import type { Database } from '../../database/database.ts';
import type { BootLock } from '../boot-lock.ts';
import type { MigrateConfig, MigrateTarget, PendingMigrations } from './settings.ts';

/** What the migrations of a boot are applied with. */
export interface ApplyDeps {
  readonly database: Database;
  readonly lock: BootLock;
  readonly target: MigrateTarget & PendingMigrations;
  readonly config: MigrateConfig;
  readonly context: Context;
  readonly log: StepLog;
  /** `_prisma_migrations`, qualified and quoted. */
  readonly table: string;
  readonly noticesLostClient: boolean;
}
