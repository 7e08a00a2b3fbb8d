import type { Config } from '../../config.ts';
import { findUnreadable } from '../../migrations/migration-encoding.ts';
import { type Migration, readScript } from '../../migrations/migrations-folder.ts';
import { findInScript, type ScriptFinding } from '../../migrations/script/script-findings.ts';
import type { PrismaFolder } from '../../steps/check-build/check-prisma.ts';
import { foreseeFailure } from '../../steps/migrate/foresee-failure.ts';
import { type Finding, failures, ok, warning } from './finding.ts';

/** A pending migration, and what in it deserves a look. */
export interface PendingReport {
  readonly name: string;
  readonly findings: readonly ScriptFinding[];
}

/** What the boot or PostgreSQL will refuse, whatever is in the database. */
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
  const deserving = pending.some(({ findings }) => findings.length > 0);
  return (deserving ? warning : ok)(
    'migrate',
    `${pending.length} pending, to be applied by the boot`,
    details,
  );
}
