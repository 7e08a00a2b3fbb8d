import { BootError } from '../../core/errors.ts';
import type { TableFill } from '../../database/list-tables.ts';
import type { SeedCount } from '../../database/survey-answer.ts';
import { nearest } from '../../lib/nearest.ts';
import type { SeedConfig } from './settings.ts';

type Undecided = Exclude<SeedCount, { kind: 'counted' }>;

/** Why it cannot be decided whether to seed, and the line to set. */
export function seedUndecided(
  count: Undecided,
  { table }: SeedConfig,
  schema: string | null,
  tables: readonly TableFill[],
): BootError {
  if (count.kind === 'unreadable') {
    return new BootError('SEED_UNDECIDED', {
      message: `Could not decide whether to seed: the rows of table ${count.table} could not be counted (${count.reason})`,
      hint: 'Grant the role SELECT, name another table with ENTRYPOINT_SEED_TABLE, or set ENTRYPOINT_SEED=never.',
    });
  }
  if (count.kind === 'untrusted') {
    return new BootError('SEED_UNDECIDED', {
      message: `Could not decide whether to seed: role "${count.owner}" owns table ${count.table}, a partition of it, or what it reads as a view, and reading it could run code of that role`,
      hint: `If you did not create that table, drop it, or name the schema (?schema=…) or another table (ENTRYPOINT_SEED_TABLE). Give it to the role that connects (ALTER TABLE ${count.table} OWNER TO …) only after a look at its indexes, constraints, rules and triggers, whose functions stay the other role's. Or set ENTRYPOINT_SEED=never or always.`,
    });
  }
  const where = schema === null ? 'the search path' : `schema "${schema}"`;
  const names = tables.map(({ name }) => name);
  const suggestion = table === undefined ? undefined : nearest(table, names);
  return new BootError('SEED_UNDECIDED', {
    message: `Could not decide whether to seed: ${where} has no table ${count.tables.join(', ')}${table === undefined ? '' : ' (ENTRYPOINT_SEED_TABLE)'}`,
    hint: `${suggestion === undefined ? '' : `Did you mean ${suggestion}? `}Set one of these:`,
    details: [
      `ENTRYPOINT_SEED_TABLE=${suggestion ?? names[0] ?? 'NAME'}  # seeds while that table has no rows`,
      'ENTRYPOINT_SEED=never',
      'ENTRYPOINT_SEED=always  # seeds at every start',
      names.length === 0
        ? `There is no table of the app in ${where}.`
        : `Tables in ${where}: ${describe(tables)}`,
    ],
  });
}

function describe(tables: readonly TableFill[]): string {
  const fill = ({ isEmpty }: TableFill) => (isEmpty === null ? '' : isEmpty ? ' (empty)' : ' (has rows)');
  return tables.map((table) => `${table.name}${fill(table)}`).join(', ');
}
