import { judgeAtomicity } from './atomicity.ts';
import { type Statement, splitStatements } from './statements.ts';

/** Something in a pending migration that deserves a look before it runs on data. */
export interface ScriptFinding {
  /** From 1. */
  readonly line: number;
  readonly finding: string;
}

const DESERVES_A_LOOK: readonly (readonly [pattern: RegExp, finding: string])[] = [
  [
    /^DROP (?:TABLE|SCHEMA|VIEW|MATERIALIZED VIEW|TYPE|FUNCTION|SEQUENCE)\b/,
    'drops an object, and what is in it',
  ],
  [/^TRUNCATE\b/, 'deletes all rows of a table'],
  [/^DELETE FROM (?!.*\bWHERE\b)/, 'deletes all rows of a table'],
  [/^ALTER TABLE\b.*\bDROP COLUMN\b/, 'drops a column: the version that still runs may use it'],
  [/^ALTER TABLE\b.*\bRENAME\b/, 'renames: the version that still runs uses the old name'],
  [
    /^ALTER TABLE\b.*\b(?:SET DATA TYPE|ALTER (?:COLUMN )?\S+ TYPE)\b/,
    'changes the type of a column: the table may be rewritten under an exclusive lock',
  ],
  [
    /^ALTER TABLE\b.*\bADD COLUMN\b(?:(?!,).)*\bNOT NULL\b(?!.*\bDEFAULT\b)(?!.*\bGENERATED\b)/,
    'adds a required column without a default: fails on a table that has rows',
  ],
  [
    /^ALTER TABLE\b.*\bSET NOT NULL\b/,
    'makes a column required: fails where rows have none, and reads the whole table under an exclusive lock',
  ],
  [
    /^ALTER TABLE\b.*\bADD CONSTRAINT\b(?!.*\bNOT VALID\b).*\b(?:FOREIGN KEY|CHECK)\b/,
    'adds a constraint that is validated at once: reads the whole table under a lock',
  ],
  [
    /^CREATE (?:UNIQUE )?INDEX\b(?!.*\bCONCURRENTLY\b)/,
    'builds an index without CONCURRENTLY: writes to the table wait until it is done',
  ],
];

/** What in a script deserves a look. Tables that the script itself creates are empty, and do not count. */
export function findInScript(script: string): ScriptFinding[] {
  const text = script.replace(/^\uFEFF/, '');
  const statements = splitStatements(text);
  const created = new Set(statements.flatMap(createdTable));
  const findings = statements.flatMap((statement) =>
    DESERVES_A_LOOK.filter(
      ([pattern]) => pattern.test(oneLine(statement)) && !created.has(touchedTable(statement) ?? ''),
    ).map(([, finding]) => ({ line: lineOf(text, statement), finding })),
  );
  const atomicity = judgeAtomicity(statements);
  const culprit = atomicity.atomic ? undefined : statements[atomicity.at];
  if (!atomicity.atomic && culprit !== undefined) {
    findings.push({
      line: lineOf(text, culprit),
      finding: `cannot be one transaction (${atomicity.reason}): cut off, it takes a person`,
    });
  }
  return findings;
}

function oneLine({ skeleton }: Statement): string {
  return skeleton.replace(/\s+/g, ' ');
}

function createdTable(statement: Statement): string[] {
  const name = /^CREATE (?:UNLOGGED )?TABLE (?:IF NOT EXISTS )?(?<table>(?:\S+ \. )?\S+)/.exec(
    oneLine(statement),
  )?.groups?.table;
  return name === undefined ? [] : [name];
}

function touchedTable(statement: Statement): string | undefined {
  return /^(?:ALTER TABLE (?:IF EXISTS )?(?:ONLY )?|CREATE (?:UNIQUE )?INDEX .*?\bON )(?<table>(?:\S+ \. )?[^\s(]+)/.exec(
    oneLine(statement),
  )?.groups?.table;
}

function lineOf(text: string, { start }: Statement): number {
  return text.slice(0, start).split(/\r\n|\n|\r/).length;
}
