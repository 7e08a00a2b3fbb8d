import type { Config } from '../../config.ts';
import { count } from '../../lib/count.ts';
import { findUnreadable } from '../../migrations/migration-encoding.ts';
import { type Migration, readScript } from '../../migrations/migrations-folder.ts';
import { findInScript, type ScriptFinding } from '../../migrations/script/script-findings.ts';
import type { PrismaFolder } from '../../steps/check-build/check-prisma.ts';
import { foreseeFailure } from '../../steps/migrate/foresee-failure.ts';
import { type Finding, failures, ok, warning } from './finding.ts';

/** A pending migration, and the statements in it to review. */
export interface PendingReport {
  readonly name: string;
  readonly findings: readonly ScriptFinding[];
}

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

export function reportPending(migration: Migration): PendingReport {
  return { name: migration.name, findings: findInScript(readScript(migration)) };
}

export function describePending(pending: readonly PendingReport[]): Finding {
  const details = pending.flatMap(({ name, findings }) => [
    name,
    ...findings.map(({ line, finding }) => `  line ${line}: ${finding}`),
  ]);
  const needsReview = pending.some(({ findings }) => findings.length > 0);
  return (needsReview ? warning : ok)(
    'migrate',
    `the boot would apply ${count(pending.length, 'pending migration')}`,
    details,
  );
}
