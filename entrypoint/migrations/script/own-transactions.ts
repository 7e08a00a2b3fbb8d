import { isResumableAfter } from './session-reset.ts';
import type { Statement } from './statements.ts';
import { mayEndWithTransaction } from './transaction-end.ts';

/** One of the transactions that a script is written as. */
export interface OwnTransaction {
  /** Indexes of its statements, without the ones that begin and end it. */
  readonly statements: readonly number[];
  /** Index of the BEGIN that opens it; undefined where it has none. */
  readonly begin: number | undefined;
  /** Index of the COMMIT that ends it; undefined where the end of the script does. */
  readonly commit: number | undefined;
  /** Whether the transactions after it can run in another session. */
  readonly isResumableAfter: boolean;
}

export type OwnTransactions =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'plain';
      readonly transactions: readonly OwnTransaction[];
      /** Whether they can be tried as one transaction. */
      readonly isMergeable: boolean;
    }
  /** Control that only the script as it is written can express; the index of the first statement that is. */
  | { readonly kind: 'other'; readonly at: number };

const BEGIN = /^(?:BEGIN|START TRANSACTION)\b/;
const PLAIN_BEGIN = /^(?:BEGIN|START TRANSACTION)(?: WORK| TRANSACTION)?$/;
const PLAIN_COMMIT = /^(?:COMMIT|END)(?: WORK| TRANSACTION)?$/;
const IN_A_PAIR = /^(?:SAVEPOINT|RELEASE|ROLLBACK (?:WORK |TRANSACTION )?TO)\b/;
const CONTROL = /^(?:COMMIT|END|SAVEPOINT|RELEASE|ROLLBACK|ABORT|PREPARE TRANSACTION)\b/;

/** The record cannot be written in it. */
const READ_ONLY =
  /^(?:BEGIN|START TRANSACTION|SET (?:LOCAL )?TRANSACTION)\b.*\bREAD ONLY\b|^SET (?:LOCAL |SESSION )?TRANSACTION_READ_ONLY\b/;

/** Nor in the transactions after it. */
const READ_ONLY_FROM_NOW =
  /^SET SESSION CHARACTERISTICS\b.*\bREAD ONLY\b|^SET (?:SESSION )?"?DEFAULT_TRANSACTION_READ_ONLY\b(?!"? (?:=|TO) (?:OFF|FALSE|NO|0|DEFAULT)$)/i;

const SET_TRANSACTION = /^SET (?:LOCAL )?TRANSACTION\b/;

/** The transactions of a script's own: BEGIN … COMMIT pairs, and what stands before, between and after them. */
export function findOwnTransactions(statements: readonly Statement[]): OwnTransactions {
  const transactions: OwnTransaction[] = [];
  let current: number[] = [];
  let begin: number | undefined;
  let hasControl = false;
  const close = (commit: number | undefined) => {
    if (current.length > 0 || begin !== undefined || commit !== undefined) {
      const own = current.flatMap((index) => statements[index] ?? []);
      transactions.push({ statements: current, begin, commit, isResumableAfter: isResumableAfter(own) });
    }
    current = [];
    begin = undefined;
  };
  for (const [at, { skeleton }] of statements.entries()) {
    if (READ_ONLY.test(skeleton)) return { kind: 'other', at };
    if (BEGIN.test(skeleton)) {
      if (begin !== undefined) return { kind: 'other', at };
      close(undefined);
      begin = at;
      hasControl = true;
    } else if (PLAIN_COMMIT.test(skeleton)) {
      close(at);
      hasControl = true;
    } else if (begin !== undefined && IN_A_PAIR.test(skeleton)) current.push(at);
    else if (CONTROL.test(skeleton)) return { kind: 'other', at };
    else {
      // It wants to come before any query, and so before the record.
      hasControl ||= SET_TRANSACTION.test(skeleton);
      current.push(at);
    }
  }
  if (begin !== undefined) return { kind: 'other', at: begin };
  if (!hasControl) return { kind: 'none' };
  close(undefined);
  const followed = transactions.slice(0, -1).flatMap((transaction) => transaction.statements);
  const readOnly = followed.find((at) => READ_ONLY_FROM_NOW.test(statements[at]?.skeleton ?? ''));
  if (readOnly !== undefined) return { kind: 'other', at: readOnly };
  return { kind: 'plain', transactions, isMergeable: areMergeable(transactions, statements) };
}

/** Whether a statement begins or ends a transaction, or a part of one. */
export function controlsTransaction({ skeleton }: Statement): boolean {
  return BEGIN.test(skeleton) || CONTROL.test(skeleton);
}

/** The statement that begins a transaction which nothing after it ends. */
export function findLeftOpen(statements: readonly Statement[]): number | undefined {
  const last = statements.findLastIndex(
    ({ skeleton }) => BEGIN.test(skeleton) || (CONTROL.test(skeleton) && !IN_A_PAIR.test(skeleton)),
  );
  const { skeleton = '' } = statements[last] ?? {};
  return BEGIN.test(skeleton) || /\bAND CHAIN$/.test(skeleton) ? last : undefined;
}

function areMergeable(transactions: readonly OwnTransaction[], statements: readonly Statement[]): boolean {
  const skeletonOf = (index: number) => statements[index]?.skeleton ?? '';
  return transactions.every(({ statements: own, begin }, index) => {
    if (begin !== undefined && !PLAIN_BEGIN.test(skeletonOf(begin))) return false;
    const isFollowed = index < transactions.length - 1;
    return !isFollowed || !own.flatMap((at) => statements[at] ?? []).some(mayEndWithTransaction);
  });
}
