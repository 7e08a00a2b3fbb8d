import type { Context } from '../core/context.ts';
import { BootError } from '../core/errors.ts';
import type { StepLog } from '../core/step-log.ts';
import type { Database } from '../database/database.ts';
import { compareHistory, type HistoryStatus } from '../migrations/history.ts';
import { findUnreadable } from '../migrations/migration-encoding.ts';
import type { MigrationsFolder } from '../migrations/migrations-folder.ts';
import type { BootLock } from './boot-lock.ts';
import { databaseAhead, readOnly, unresolved } from './migrate/history-errors.ts';
import { describeLeftovers } from './migrate/leftovers.ts';
import { refuseAutocommitBehindPooler } from './migrate/pooler.ts';
import { refuseMissingPrivileges } from './migrate/privileges.ts';
import type { MigrateConfig, MigrateTarget } from './migrate/settings.ts';

/** Applies what is pending, under the lock; takes none when there is nothing to do. */
export async function migrate(
  database: Database,
  lock: BootLock,
  target: MigrateTarget,
  config: MigrateConfig,
  context: Context,
): Promise<void> {
  await context.steps.run('migrate', async (log) => {
    if (config.mode === 'skip') return log.skipped('skipped: ENTRYPOINT_MIGRATE=skip');
    const { folder } = target.prisma;
    if (folder === undefined || folder.migrations.length === 0)
      return log.skipped('skipped: the image has no migrations');
    try {
      await applyPending(database, lock, { ...target, folder }, config, context, log);
    } catch (error) {
      if (config.onError === 'abort' || !(error instanceof BootError) || error.exit.name !== 'migration')
        throw error;
      log.warn(
        'continued',
        'the migration failed and ENTRYPOINT_MIGRATE_ON_ERROR=continue: the server starts on a database that may not fit it',
        {
          error: { code: error.code, message: error.message },
          details: error.problems.flatMap(({ details }) => details ?? []),
        },
      );
    }
  });
}

async function applyPending(
  database: Database,
  lock: BootLock,
  target: MigrateTarget & { readonly folder: MigrationsFolder },
  config: MigrateConfig,
  context: Context,
  log: StepLog,
): Promise<void> {
  const { folder } = target;
  const { cli } = target.prisma;
  const seen = compareHistory(database.history, folder.migrations, config);
  reportDrift(seen, config, log);
  const open = [...seen.interrupted.map(({ migration }) => migration), ...seen.pending];
  if (open.length === 0 && seen.failed.length === 0) {
    return log.skipped(`nothing to migrate: ${count(seen.applied.length)} applied`, {
      migrationCount: seen.applied.length,
    });
  }
  const unreadable = findUnreadable(folder, open);
  if (unreadable !== undefined) throw unreadable;
  if (database.state.server.readOnly) throw readOnly(target.database.connection, open.length);
  await refuseMissingPrivileges(database, open.length);
  if (cli === undefined) refuseAutocommitBehindPooler(database, open);
  await lock.acquire();
  if (cli === undefined) {
    // Before the history is read, which whoever has it may change meanwhile.
    await lock.acquirePrismaLock();
    // It loads while the history is read.
    void import('../migrations/engine/schema-engine.ts');
  }
  await database.refresh();
  const { pending, interrupted, failed } = compareHistory(database.history, folder.migrations, config);
  // Only now: what looked interrupted without the lock may have been another replica at work.
  if (failed.length > 0) throw unresolved(failed, folder, await describeLeftovers(database.session));
  const names = [...interrupted.map(({ migration }) => migration.name), ...pending.map(({ name }) => name)];
  if (names.length === 0) return log.skipped('nothing to migrate: another replica has just done it');
  log.info('pending', `${count(names.length)} to apply`, { migrations: names });
  if (cli !== undefined) {
    const { migrateWithCli } = await import('./migrate/cli.ts');
    await migrateWithCli(cli, target, context, log, async () => {
      await database.refresh();
      return compareHistory(database.history, folder.migrations, config).pending.length;
    });
  } else {
    const { migrateEmbedded } = await import('./migrate/embedded.ts');
    await migrateEmbedded(database, lock, { ...target, pending, interrupted }, config, context, log);
  }
  await database.refresh();
  log.done(`${count(names.length)} applied`, { migrationCount: names.length });
}

/** Tells where the folder and the history have gone different ways. */
function reportDrift({ missing, edited }: HistoryStatus, config: MigrateConfig, log: StepLog): void {
  if (missing.length > 0) {
    if (config.whenAhead === 'refuse') throw databaseAhead(missing);
    const message = `the database is ahead of this image, which lacks ${missing.join(', ')}`;
    log.warn('ahead', message, { migrations: missing });
  }
  if (edited.length > 0) {
    const message = `changed since they were applied, and not applied again: ${edited.join(', ')}`;
    log.warn('edited', message, { migrations: edited });
  }
}

function count(migrations: number): string {
  return migrations === 1 ? '1 migration' : `${migrations} migrations`;
}
