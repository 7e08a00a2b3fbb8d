import {
  controlsTransaction,
  findLeftOpen,
  findOwnTransactions,
  type OwnTransaction,
} from './own-transactions.ts';
import { readStandalone, type Standalone } from './read-standalone.ts';
import type { Statement } from './statements.ts';

/** How a script is applied: with its record in one transaction, or statement by statement as the server commits it. */
export type Mode = 'transaction' | 'autocommit';

/** What is done where one transaction will not do. */
export type Autocommit =
  /** Nothing: the server's refusal is final. */
  | { readonly kind: 'none' }
  /** One statement, whose outcome can be looked up. */
  | { readonly kind: 'standalone'; readonly statement: Standalone; readonly reason: string }
  /** The script's own transactions, one by one. */
  | {
      readonly kind: 'transactions';
      readonly transactions: readonly OwnTransaction[];
      readonly reason: string;
    }
  /** The script as it is written; the index of the statement that makes it so. */
  | { readonly kind: 'whole'; readonly at: number; readonly reason: string };

export interface ScriptPlan {
  /** What is tried first. */
  readonly mode: Mode;
  readonly autocommit: Autocommit;
  /** Indexes of statements that PostgreSQL never runs in a script of several. */
  readonly misplaced: readonly number[];
  /** Index of the statement that begins a transaction which the script does not end. */
  readonly leftOpenBy: number | undefined;
  /** Whether it prepares a transaction, which outlives the session until somebody ends it. */
  readonly preparesTransaction: boolean;
}

const NEVER_IN_TRANSACTION: readonly (readonly [pattern: RegExp, label: string])[] = [
  [/^CREATE (?:UNIQUE )?INDEX CONCURRENTLY\b/, 'CREATE INDEX CONCURRENTLY'],
  [/^DROP INDEX CONCURRENTLY\b/, 'DROP INDEX CONCURRENTLY'],
  [/^REINDEX (?:\( [^)]* \) )?\w+ CONCURRENTLY\b/, 'REINDEX CONCURRENTLY'],
  [/^REINDEX \( [^)]*\bCONCURRENTLY (?:TRUE|ON|1|,|\))/, 'REINDEX CONCURRENTLY'],
  [/^REINDEX (?:\( [^)]* \) )?(?:SCHEMA|DATABASE|SYSTEM)\b/, 'REINDEX of a schema or database'],
  [/^ALTER TABLE .*\bDETACH PARTITION .*\bCONCURRENTLY$/, 'DETACH PARTITION CONCURRENTLY'],
  [/^VACUUM\b/, 'VACUUM'],
  [/^ALTER SYSTEM\b/, 'ALTER SYSTEM'],
  [/^(?:CREATE|DROP) DATABASE\b/, 'CREATE or DROP DATABASE'],
  [/^(?:CREATE|DROP) TABLESPACE\b/, 'CREATE or DROP TABLESPACE'],
  [/^DISCARD ALL\b/, 'DISCARD ALL'],
  [/^(?:COMMIT|ROLLBACK) PREPARED\b/, 'COMMIT or ROLLBACK PREPARED'],
];

/** The reason why PostgreSQL never runs a statement in a transaction; undefined where it may. */
export function neverInTransaction({ skeleton }: Statement): string | undefined {
  return NEVER_IN_TRANSACTION.find(([pattern]) => pattern.test(skeleton))?.[1];
}

/**
 * Plans how a script is applied. What PostgreSQL may run in one transaction is tried so: the server's refusal rolls all
 * of it back, and the script then runs in autocommit mode.
 */
export function planScript(text: string, statements: readonly Statement[]): ScriptPlan {
  const [only] = statements;
  if (only !== undefined && statements.length === 1 && !needsContext(only)) return planStatement(text, only);
  const misplaced = [...statements.keys()].filter((index) => {
    const statement = statements[index];
    return statement !== undefined && neverInTransaction(statement) !== undefined;
  });
  return {
    ...planSeveral(statements, misplaced),
    misplaced,
    leftOpenBy: findLeftOpen(statements),
    preparesTransaction: statements.some(({ skeleton }) => /^PREPARE TRANSACTION\b/.test(skeleton)),
  };
}

/** Whether anything of a script that runs as it is written can have been committed when the statement `failedAt` failed. */
export function mayHaveCommitted(statements: readonly Statement[], failedAt: number): boolean {
  const [only] = statements;
  if (statements.length === 1) return only !== undefined && /^(?:CALL|DO)\b/.test(only.skeleton);
  const commit = statements.findIndex(({ skeleton }) =>
    /^(?:COMMIT|END|ROLLBACK|ABORT|PREPARE TRANSACTION)\b(?! (?:(?:WORK |TRANSACTION )?TO|PREPARED)\b)/.test(
      skeleton,
    ),
  );
  return commit !== -1 && failedAt > commit;
}

/** Alone it would end, or leave, the transaction of its record. */
function needsContext(statement: Statement): boolean {
  return controlsTransaction(statement) && neverInTransaction(statement) === undefined;
}

function planStatement(text: string, statement: Statement): ScriptPlan {
  const label = neverInTransaction(statement);
  const standalone = readStandalone(text, statement);
  const mode = label !== undefined || doesCommit(statement) ? 'autocommit' : 'transaction';
  const reason = label ?? describeStatement(statement);
  const autocommit: Autocommit =
    standalone === undefined
      ? { kind: 'whole', at: 0, reason }
      : { kind: 'standalone', statement: standalone, reason };
  return { mode, autocommit, misplaced: [], leftOpenBy: undefined, preparesTransaction: false };
}

function planSeveral(
  statements: readonly Statement[],
  misplaced: readonly number[],
): { mode: Mode; autocommit: Autocommit } {
  const own = findOwnTransactions(statements);
  const reason = 'its own transaction control';
  if (own.kind === 'other') return { mode: 'autocommit', autocommit: { kind: 'whole', at: own.at, reason } };
  if (own.kind === 'none' || misplaced.length > 0)
    return { mode: 'transaction', autocommit: { kind: 'none' } };
  const { transactions, isMergeable } = own;
  return {
    mode: isMergeable ? 'transaction' : 'autocommit',
    autocommit: { kind: 'transactions', transactions, reason },
  };
}

/** DO takes its code as a dollar-quoted or as an ordinary string; of the latter only the fact is known here. */
function doesCommit({ skeleton, bodies }: Statement): boolean {
  return /^DO\b/.test(skeleton) && bodies.some((body) => /\b(?:COMMIT|ROLLBACK)\b(?! TO\b)/i.test(body));
}

function describeStatement({ words, skeleton }: Statement): string {
  if (/^DO\b/.test(skeleton)) return 'a DO block that commits';
  if (/^CALL\b/.test(skeleton)) return 'a procedure that commits';
  return words.slice(0, 2).join(' ');
}
