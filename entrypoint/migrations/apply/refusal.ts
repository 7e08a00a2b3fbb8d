import type { Autocommit } from '../script/script-plan.ts';
import type { ScriptError } from './script-query.ts';

/** What the server says of statements that it runs, but not in this transaction. */
const REFUSES_TRANSACTION: ReadonlySet<string> = new Set([
  '25001', // active_sql_transaction: CONCURRENTLY, VACUUM, SET TRANSACTION after a query
  '2D000', // invalid_transaction_termination: a procedure that commits
  '55P04', // unsafe_new_enum_value_usage
  '55006', // object_in_use: pending trigger events
  '53200', // out_of_memory: more locks than one transaction can hold
]);

/** Whether the server refused one transaction, and the script may run in autocommit mode in its place. */
export function isRefusal({ database, place }: ScriptError, autocommit: Autocommit): boolean {
  const code = database?.code ?? '';
  // Of several transactions as one, constraints are checked later: where it is violated may be caught, or mended.
  const isCheckedLater =
    autocommit.kind === 'transactions' && autocommit.transactions.length > 1 && place.statement === undefined;
  return (
    (autocommit.kind !== 'none' && REFUSES_TRANSACTION.has(code)) || (isCheckedLater && code.startsWith('23'))
  );
}
