import type { Statement } from './statements.ts';

/** Whether a script and its record can be one transaction, and if not, which statement (index) says so and why. */
export type Atomicity =
  | { readonly atomic: true }
  | { readonly atomic: false; readonly at: number; readonly reason: string };

const REFUSES_TRANSACTION: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/^(?:CREATE|DROP|ALTER|REINDEX|REFRESH)\b(?!.*\bMATERIALIZED\b).*\bCONCURRENTLY\b/, 'CONCURRENTLY'],
  [/^VACUUM\b/, 'VACUUM'],
  [/^ALTER SYSTEM\b/, 'ALTER SYSTEM'],
  [/^(?:CREATE|DROP) DATABASE\b/, 'CREATE or DROP DATABASE'],
  [/^ALTER DATABASE\b/, 'ALTER DATABASE'],
  [/^(?:CREATE|DROP) TABLESPACE\b/, 'CREATE or DROP TABLESPACE'],
  [/^(?:CREATE|ALTER|DROP) SUBSCRIPTION\b/, 'SUBSCRIPTION'],
  [/^REINDEX\b/, 'REINDEX'],
  [/^CLUSTER\b/, 'CLUSTER'],
  [/^DISCARD ALL\b/, 'DISCARD ALL'],
  [/^CALL\b/, 'CALL of a procedure, which may commit'],
  [/^SET (?:SESSION CHARACTERISTICS|TRANSACTION|LOCAL TRANSACTION)\b/, 'SET TRANSACTION'],
  [
    /^(?:SAVEPOINT|RELEASE|ROLLBACK|ABORT|PREPARE TRANSACTION|COMMIT PREPARED)\b/,
    'its own transaction control',
  ],
];

const BEGIN = /^(?:BEGIN|START TRANSACTION)(?: WORK| TRANSACTION)?$/;
const COMMIT = /^(?:COMMIT|END)(?: WORK| TRANSACTION)?$/;
const CONTROL = /^(?:BEGIN|START|COMMIT|END)\b/;

/**
 * Tells scripts that PostgreSQL runs as one transaction from those it cannot. One that turns out to hold what cannot
 * run in a transaction is refused by the server as a whole, and then done in steps. A script that wraps itself whole in
 * BEGIN … COMMIT is atomic too: BEGIN inside a simple query takes the statements before it into its transaction.
 * @see https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-MULTI-STATEMENT
 */
export function judgeAtomicity(statements: readonly Statement[]): Atomicity {
  const wrapped = isWrapped(statements);
  for (const [at, statement] of statements.entries()) {
    const reason = refusal(statement);
    if (reason !== undefined) return { atomic: false, at, reason };
    if (!wrapped && CONTROL.test(statement.skeleton))
      return { atomic: false, at, reason: 'its own transaction control' };
  }
  return { atomic: true };
}

/** Whether a script that waits for its locks does not stand in the way of others, so that it may wait long. */
export function isConcurrent(statements: readonly Statement[]): boolean {
  return statements.some(({ words }) => words.includes('CONCURRENTLY'));
}

function isWrapped(statements: readonly Statement[]): boolean {
  const controls = statements.filter(({ skeleton }) => CONTROL.test(skeleton));
  const [first, last] = controls;
  return (
    controls.length === 2 &&
    first !== undefined &&
    BEGIN.test(first.skeleton) &&
    last === statements.at(-1) &&
    last !== undefined &&
    COMMIT.test(last.skeleton)
  );
}

function refusal(statement: Statement): string | undefined {
  const { skeleton } = statement;
  for (const [pattern, reason] of REFUSES_TRANSACTION) if (pattern.test(skeleton)) return reason;
  if (skeleton.startsWith('DO ') && mayCommit(statement)) return 'a DO block that commits or rolls back';
  return undefined;
}

/** DO takes its code as a dollar-quoted or as an ordinary string; of the latter only the fact is known here. */
function mayCommit({ bodies }: Statement): boolean {
  return bodies.length === 0 || bodies.some((body) => /\b(?:COMMIT|ROLLBACK|CALL)\b/i.test(body));
}
