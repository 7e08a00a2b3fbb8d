import { checksum } from './checksum.ts';
import type { OwnTransaction } from './script/own-transactions.ts';
import type { Script } from './script/script.ts';

/** `logs` of an open record whose migration goes on by itself: what of it is committed, then what it failed of. */
const PROGRESS =
  /^Zarpe: committed (?<committed>\d+) of its (?<of>\d+) transactions \(SHA-256 of their text: (?<hash>[0-9a-f]{64})\)(?:\n(?<failure>[\s\S]*))?$/;

/** What the record of a migration says of its own transactions. */
export function describeProgress(
  script: Script,
  transactions: readonly OwnTransaction[],
  committed: number,
): string {
  const hash = checksum(committedText(script, transactions, committed));
  return `Zarpe: committed ${committed} of its ${transactions.length} transactions (SHA-256 of their text: ${hash})`;
}

/** Whether a record is one of a migration that some transactions of are committed. */
export function hasProgress(logs: string | null): boolean {
  return logs !== null && PROGRESS.test(logs);
}

/** What such a migration failed of, where it did. */
export function failureOf(logs: string | null): string | null {
  return logs === null ? null : (PROGRESS.exec(logs)?.groups?.failure ?? (hasProgress(logs) ? null : logs));
}

/**
 * How many transactions of a script are committed, where the rest can go on after them: they are as they were when they
 * ran, and left nothing in the session that the rest may need. Undefined where manual action is required.
 */
export function readProgress(logs: string | null, script: Script): number | undefined {
  const { committed: digits, hash } = PROGRESS.exec(logs ?? '')?.groups ?? {};
  const { autocommit } = script.plan;
  if (digits === undefined || autocommit.kind !== 'transactions') return undefined;
  const committed = Number(digits);
  const { transactions } = autocommit;
  const isSame =
    committed < transactions.length && checksum(committedText(script, transactions, committed)) === hash;
  const isResumable = transactions.slice(0, committed).every((own) => own.isResumableAfter);
  return isSame && isResumable ? committed : undefined;
}

function committedText(
  { text, statements }: Script,
  transactions: readonly OwnTransaction[],
  committed: number,
): string {
  return transactions
    .slice(0, committed)
    .map(({ statements: own }) =>
      own.map((index) => text.slice(statements[index]?.start, statements[index]?.end)).join(';\n'),
    )
    .join('\nCOMMIT;\n')
    .replaceAll('\r\n', '\n');
}
