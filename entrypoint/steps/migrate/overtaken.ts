import { BootError } from '../../lib/errors.ts';
import type { ApplyError } from '../../prisma/apply-error.ts';
import { HISTORY_TABLE } from '../../prisma/survey.ts';

const UNIQUE_VIOLATION = '23505';

/** Another replica has applied it since we looked: the record that comes with the script is refused. */
export function isOvertaken({ atomicity, cause: { database } }: ApplyError): boolean {
  return atomicity.atomic && database?.code === UNIQUE_VIOLATION && database.table === HISTORY_TABLE;
}

export function overtaken(name: string, cause: unknown): BootError {
  const problem = {
    what: `migration ${name}`,
    expected: 'to be applied by one replica at a time',
    got: 'a record of another one, which applied it while we waited',
    action: 'Start again: it goes on from there. Nothing was applied twice.',
  };
  return new BootError('MIGRATION_BLOCKED', problem, cause);
}
