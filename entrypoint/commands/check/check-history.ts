import type { Config } from '../../config.ts';
import type { Database } from '../../database/database.ts';
import { compareHistory, type HistoryStatus } from '../../migrations/history.ts';
import type { PrismaFolder } from '../../steps/check-build/check-prisma.ts';
import { databaseAhead, readOnly, unresolved } from '../../steps/migrate/history-errors.ts';
import { describeLeftovers } from '../../steps/migrate/leftovers.ts';
import { describePending, type PendingReport } from './check-pending.ts';
import { type Finding, failures, ok, warning } from './finding.ts';

/** What the boot refuses by the history alone, before it looks at anything else. */
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
    return failures('migrate', readOnly(config.database.connection, pending));
  return [];
}

/** What is applied, pending, edited, missing, and waits for a person. */
export async function checkHistory(
  database: Database,
  prisma: PrismaFolder | undefined,
  config: Config,
  pending: readonly PendingReport[],
): Promise<Finding[]> {
  if (config.migrate.mode === 'skip') return [ok('migrate', 'skipped: ENTRYPOINT_MIGRATE=skip')];
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
      warning('migrate', `the database is ahead of this image, which lacks ${missing.join(', ')}`),
    );
  if (edited.length > 0)
    findings.push(
      warning('migrate', `changed since they were applied, and not applied again: ${edited.join(', ')}`),
    );
  return [
    ...findings,
    pending.length === 0
      ? ok('migrate', `nothing to migrate: ${applied.length} applied`)
      : describePending(pending),
  ];
}

function statusOf(database: Database, prisma: PrismaFolder | undefined, { migrate }: Config): HistoryStatus {
  const migrations = prisma?.folder?.migrations;
  // Without a folder nothing is compared, and nothing is missing from it.
  return compareHistory(migrations === undefined ? [] : database.history, migrations ?? [], migrate);
}
