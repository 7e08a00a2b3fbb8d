import type { Config } from '../../config.ts';
import { BootError } from '../../core/errors.ts';
import type { Database } from '../../database/database.ts';
import { readOnly } from '../../database/read-only.ts';
import { compareHistory, type HistoryStatus } from '../../migrations/history.ts';
import type { Migration } from '../../migrations/migrations-folder.ts';
import type { PrismaFolder } from '../../steps/check-build/check-prisma.ts';
import { arePending, databaseAhead, unresolved } from '../../steps/migrate/history-errors.ts';
import { describeLeftovers } from '../../steps/migrate/leftovers.ts';
import { refuseAutocommitBehindPooler } from '../../steps/migrate/pooler.ts';
import { describePending } from './check-pending.ts';
import { type Finding, failures, ok, warning } from './finding.ts';
import type { PendingReport } from './review-pending.ts';

/** Failures of the boot that follow from the history alone. */
export function checkStanding(
  database: Database,
  prisma: PrismaFolder | undefined,
  config: Config,
  pending: number,
): Finding[] {
  const { missing } = statusOf(database, prisma, config);
  if (missing.length > 0 && config.migrate.whenAhead === 'refuse')
    return failures('migrate', databaseAhead(missing));
  if (pending > 0 && database.state.server.readOnly)
    return failures('migrate', readOnly(config.database.connection, arePending(pending)));
  return [];
}

/** Failures of the boot before it applies the first pending migration. */
export async function checkRefusals(
  database: Database,
  config: Config,
  prisma: PrismaFolder | undefined,
  pending: readonly Migration[],
): Promise<Finding[]> {
  const { readOnly } = database.state.server;
  if (prisma?.folder === undefined || pending.length === 0 || readOnly) return [];
  try {
    if (prisma.cli === undefined) refuseAutocommitBehindPooler(database, pending);
  } catch (error) {
    if (!(error instanceof BootError)) throw error;
    return failures('migrate', error);
  }
  const isOpen = database.state.history?.some(({ finished, rolledBack }) => !finished && !rolledBack);
  if (isOpen === true) return [];
  const { rehearse } = await import('../../steps/migrate/rehearse.ts');
  const refusal = await rehearse(database, { ...config, ...prisma, folder: prisma.folder });
  return refusal === undefined ? [] : failures('migrate', refusal);
}

/** The migrations that are applied, pending, edited, missing or failed. */
export async function checkHistory(
  database: Database,
  prisma: PrismaFolder | undefined,
  config: Config,
  pending: readonly PendingReport[],
): Promise<Finding[]> {
  if (config.migrate.mode === 'skip')
    return [ok('migrate', 'migrations are skipped (ENTRYPOINT_MIGRATE=skip)')];
  const folder = prisma?.folder;
  if (folder === undefined) return [];
  const { failed, missing, edited, applied } = statusOf(database, prisma, config);
  const findings: Finding[] = [];
  if (failed.length > 0)
    findings.push(
      ...failures('migrate', unresolved(failed, folder, await describeLeftovers(database.session))),
    );
  if (missing.length > 0 && config.migrate.whenAhead === 'warn')
    findings.push(
      warning(
        'migrate',
        `the database has migrations that are missing from the image: ${missing.join(', ')}`,
      ),
    );
  if (edited.length > 0)
    findings.push(
      warning(
        'migrate',
        `these migrations were edited after they were applied, and are not applied again: ${edited.join(', ')}`,
      ),
    );
  return [
    ...findings,
    pending.length === 0
      ? ok('migrate', `no pending migrations (${applied.length} applied)`)
      : describePending(pending),
  ];
}

function statusOf(database: Database, prisma: PrismaFolder | undefined, { migrate }: Config): HistoryStatus {
  const migrations = prisma?.folder?.migrations;
  // Without a folder, no migration counts as missing.
  return compareHistory(migrations === undefined ? [] : database.history, migrations ?? [], migrate);
}
