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
    what: `migration ${name}`,
    expected: 'to be applied by one replica at a time',
    got: 'a record of another replica, which applied it while this one waited',
    hint: 'Restart: it goes on from there. Nothing was applied twice.',
  };
  return new BootError('MIGRATION_BLOCKED', problem, cause);
}
