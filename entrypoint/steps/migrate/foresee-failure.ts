import { join, relative } from 'node:path';
import { BootError } from '../../core/errors.ts';
import { lineOfStatement } from '../../migrations/apply/script-location.ts';
import { MIGRATION_FILE, type MigrationsFolder } from '../../migrations/migrations-folder.ts';
import type { Script } from '../../migrations/script/script.ts';
import { neverInTransaction } from '../../migrations/script/script-plan.ts';

/** Where a migration failed: for the path of its script. */
export interface FailedIn {
  readonly appDir: string;
  readonly folder: MigrationsFolder;
}

/** A pending migration that cannot be applied, whatever is in the database; undefined for all others. */
export function foreseeFailure(
  name: string,
  script: Script,
  { appDir, folder }: FailedIn,
): BootError | undefined {
  const {
    misplaced: [first],
    leftOpenBy,
  } = script.plan;
  const at = first ?? leftOpenBy;
  if (at === undefined) return undefined;
  const file = relative(appDir, join(folder.dir, name, MIGRATION_FILE));
  return new BootError('MIGRATION_FAILED', {
    ...(first === undefined
      ? {
          message: `${file}:${lineOfStatement(script, at)} begins a transaction that the script does not end`,
          hint: 'End it with COMMIT.',
        }
      : {
          message: `${file}:${lineOfStatement(script, at)} has statements among others that PostgreSQL runs only outside of a transaction`,
          hint: 'Give each of them a migration of its own.',
        }),
    details: describeMisplaced(script),
  });
}

/**
 * Refuses what would fail half-way: what a script leaves in a transaction is rolled back with the session, and its record
 * with it; a statement that only runs alone fails after others have committed.
 */
export function refuseHalfWay(name: string, script: Script, failedIn: FailedIn): void {
  const { autocommit, leftOpenBy, misplaced } = script.plan;
  if (leftOpenBy !== undefined || (autocommit.kind === 'whole' && misplaced.length > 0))
    throw foreseeFailure(name, script, failedIn);
}

/** The statements that PostgreSQL only runs alone, in a script of several. */
export function describeMisplaced(script: Script): string[] {
  return script.plan.misplaced.map((index) => {
    const statement = script.statements[index];
    const label = statement === undefined ? '' : neverInTransaction(statement);
    return `line ${lineOfStatement(script, index)}: ${label} must be the only statement of its migration`;
  });
}
