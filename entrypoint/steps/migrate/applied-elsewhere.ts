import { BootError } from '../../core/errors.ts';
import { HISTORY_TABLE } from '../../database/history-table.ts';
import type { ApplyError } from '../../migrations/apply/apply-error.ts';

const UNIQUE_VIOLATION = '23505';

/**
 * Another replica has applied it since we looked: the record that comes with the script is refused. What the script itself
 * writes into the history is the script's failure.
 */
export function isAppliedElsewhere({ cause: { database, place } }: ApplyError): boolean {
  return (
    place.statement === undefined && database?.code === UNIQUE_VIOLATION && database.table === HISTORY_TABLE
  );
}

export function appliedElsewhere(name: string, cause: unknown): BootError {
  const problem = {
    message: `Another replica applied migration ${name} while this one waited`,
    hint: 'Restart: the next start continues from there. Nothing was applied twice.',
  };
  return new BootError('MIGRATION_BLOCKED', problem, cause);
}
