import { BootError } from '../../core/errors.ts';
import { HISTORY_TABLE } from '../../database/history-table.ts';
import type { ApplyError } from '../../migrations/apply/apply-error.ts';

const UNIQUE_VIOLATION = '23505';

/** Another replica has applied it since we looked: the record that comes with the script is refused. */
export function isAppliedElsewhere({ cause: { database } }: ApplyError): boolean {
  return database?.code === UNIQUE_VIOLATION && database.table === HISTORY_TABLE;
}

export function appliedElsewhere(name: string, cause: unknown): BootError {
  const problem = {
    message: `Another replica applied migration ${name} while this one waited`,
    hint: 'Restart: the next start continues from there. Nothing was applied twice.',
  };
  return new BootError('MIGRATION_BLOCKED', problem, cause);
}
