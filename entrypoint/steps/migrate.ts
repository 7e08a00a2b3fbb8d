import type { Context } from '../core/context.ts';
import type { StepLog } from '../core/step-log.ts';
import { readOnly } from '../database/read-only.ts';
import { count } from '../lib/count.ts';
import { compareHistory, type HistoryStatus } from '../migrations/history.ts';
import { findUnreadable } from '../migrations/migration-encoding.ts';
import type { Exclusion } from './boot-lock.ts';
import { continueOnError } from './continue-on-error.ts';
import type { MigrateDeps } from './migrate/apply-deps.ts';
import { arePending, databaseAhead, unresolved } from './migrate/history-errors.ts';
import { describeLeftovers } from './migrate/leftovers.ts';
import { refuseAutocommitBehindPooler } from './migrate/pooler.ts';
import { refuseMissingPrivileges } from './migrate/privileges.ts';
import type { MigrateConfig, MigrateResult, MigrateTarget } from './migrate/settings.ts';
import { withinTimeout } from './migrate/within-timeout.ts';

const ON_ERROR = {
  exit: 'migration',
  warning:
    'the migration failed and ENTRYPOINT_MIGRATE_ON_ERROR=continue: the server starts on a database that may not match it',
} as const;

/** Applies pending migrations under the boot lock; acquires no lock when there are none. */
export async function migrate(
  exclusion: Exclusion,
  target: MigrateTarget,
  config: MigrateConfig,
  context: Context,
): Promise<MigrateResult> {
  return context.steps.run('migrate', async (log) => {
    const { folder } = target.prisma;
    const deps = { ...exclusion, config, context, log, ends: context.shutdown.signal };
    if (config.mode === 'skip') log.skipped('skipped: ENTRYPOINT_MIGRATE=skip');
    else if (config.mode === 'push') {
      const migrated = await continueOnError({ ...ON_ERROR, onError: config.onError }, log, async () => {
        const { push } = await import('./migrate/push.ts');
        await push({ ...deps, target });
      });
      return { migrated, applied: [] };
    } else if (folder === undefined || folder.migrations.length === 0)
      log.skipped('skipped: the image has no migrations');
    else {
      let applied: readonly string[] | undefined;
      const migrated = await continueOnError({ ...ON_ERROR, onError: config.onError }, log, async () => {
        applied = await applyPending({ ...deps, target: { ...target, folder } });
      });
      return { migrated, applied };
    }
    return { migrated: true, applied: [] };
  });
}

/** @returns the names of the migrations that it applied */
async function applyPending(deps: MigrateDeps): Promise<readonly string[]> {
  const { database, lock, target, config, log } = deps;
  const { folder } = target;
  const { cli } = target.prisma;
  const seen = compareHistory(database.history, folder.migrations, config);
  reportDrift(seen, config, log);
  const open = [...seen.interrupted.map(({ migration }) => migration), ...seen.pending];
  if (open.length === 0 && seen.failed.length === 0) {
    log.skipped(`nothing to migrate: ${count(seen.applied.length, 'migration')} applied`, {
      migrationCount: seen.applied.length,
    });
    return [];
  }
  const unreadable = findUnreadable(folder, open);
  if (unreadable !== undefined) throw unreadable;
  if (database.state.server.readOnly) throw readOnly(target.database.connection, arePending(open.length));
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
  if (names.length === 0) {
    log.skipped('nothing to migrate: another replica has just applied it');
    return [];
  }
  log.info('pending', `${count(names.length, 'migration')} to apply`, { migrations: names });
  if (cli !== undefined) {
    const { migrateWithCli } = await import('./migrate/cli.ts');
    await migrateWithCli(cli, deps, async () => {
      await database.refresh();
      return compareHistory(database.history, folder.migrations, config).pending.length;
    });
  } else {
    const { migrateEmbedded } = await import('./migrate/embedded.ts');
    const embedded = { ...deps, target: { ...target, pending, interrupted } };
    await withinTimeout(embedded, migrateEmbedded);
  }
  await database.refresh();
  log.done(`${count(names.length, 'migration')} applied`, { migrationCount: names.length });
  return names;
}

/** Logs where the folder and the history differ. */
function reportDrift({ missing, edited }: HistoryStatus, config: MigrateConfig, log: StepLog): void {
  if (missing.length > 0) {
    if (config.whenAhead === 'refuse') throw databaseAhead(missing);
    const message = `the database is ahead of this image, which lacks ${missing.join(', ')}`;
    log.warn('ahead', message, { migrations: missing });
  }
  if (edited.length > 0) {
    const message = `${count(edited.length, 'migration')} ${edited.length === 1 ? 'was edited after it was applied; it is' : 'were edited after they were applied; they are'} not applied again: ${edited.join(', ')}`;
    log.warn('edited', message, { migrations: edited });
  }
}
