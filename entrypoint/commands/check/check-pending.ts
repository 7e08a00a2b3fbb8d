import type { Config } from '../../config.ts';
import { count } from '../../lib/count.ts';
import { findUnreadable } from '../../migrations/migration-encoding.ts';
import { type Migration, readScript } from '../../migrations/migrations-folder.ts';
import type { PrismaFolder } from '../../steps/check-build/check-prisma.ts';
import { foreseeFailure } from '../../steps/migrate/foresee-failure.ts';
import { type Finding, failures, ok, warning } from './finding.ts';
import type { PendingReport } from './review-pending.ts';

/** All pending migrations are named up to here; above, only those with statements to review. */
const MOST_NAMED = 20;

/** Migrations that are sure to fail, whatever the database contains. */
export function foreseeFailures(
  migrations: readonly Migration[],
  prisma: PrismaFolder | undefined,
  { appDir, migrate }: Config,
): Finding[] {
  const folder = prisma?.folder;
  if (folder === undefined || migrate.mode === 'skip') return [];
  const unreadable = findUnreadable(folder, migrations);
  if (unreadable !== undefined) return failures('migrate', unreadable);
  return migrations.flatMap((migration) => {
    const failure = foreseeFailure(migration.name, readScript(migration), { appDir, folder });
    return failure === undefined ? [] : failures('migrate', failure);
  });
}

export function describePending(pending: readonly PendingReport[]): Finding {
  const toReview = pending.filter(({ findings }) => findings.length > 0);
  const named = pending.length > MOST_NAMED ? toReview : pending;
  const others = pending.length - named.length;
  const details = named.flatMap(({ name, findings }) => [
    name,
    ...findings.map(({ line, finding }) => `  line ${line}: ${finding}`),
  ]);
  const summary = `the boot would apply ${count(pending.length, 'pending migration')}`;
  return (toReview.length > 0 ? warning : ok)(
    'migrate',
    toReview.length > 0 ? `${summary}; review the statements of ${toReview.length}` : summary,
    [...details, ...(others > 0 ? [`${others} without statements to review; --json lists them`] : [])],
  );
}
