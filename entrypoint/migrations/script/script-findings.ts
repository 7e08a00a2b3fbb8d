import { KnownObjects, type Presence } from './known-objects.ts';
import type { Script } from './script.ts';
import type { Statement } from './statements.ts';
import { effectOf } from './touched-objects.ts';

/** Something in a pending migration that deserves a look before it runs on data. */
export interface ScriptFinding {
  /** From 1. */
  readonly line: number;
  readonly finding: string;
}

/** What a finding is about: nothing can happen where that is not in the database yet. */
type Subject = 'rows' | 'object';
type Rule = readonly [pattern: RegExp, subject: Subject, finding: string];

const IN_STATEMENTS: readonly Rule[] = [
  [
    /^DROP (?:TABLE|SCHEMA|VIEW|MATERIALIZED VIEW|TYPE|FUNCTION|SEQUENCE)\b/,
    'object',
    'drops an object, and what is in it',
  ],
  [/^TRUNCATE\b/, 'rows', 'deletes all rows of a table'],
  [/^DELETE FROM (?!.*\bWHERE\b)/, 'rows', 'deletes all rows of a table'],
  [
    /^CREATE (?:UNIQUE )?INDEX\b(?!.*\bCONCURRENTLY\b)/,
    'rows',
    'builds an index without CONCURRENTLY: writes to the table wait until it is done',
  ],
];

/** What an ALTER TABLE does, each action by itself. */
const IN_ACTIONS: readonly Rule[] = [
  [/^DROP (?!CONSTRAINT\b)/, 'object', 'drops a column: the version that still runs may use it'],
  [/^RENAME (?!CONSTRAINT\b)/, 'object', 'renames: the version that still runs uses the old name'],
  [
    /^ALTER (?:COLUMN )?(?:"(?:[^"]|"")*"|\S+) (?:SET DATA )?TYPE\b/,
    'rows',
    'changes the type of a column: the table may be rewritten under an exclusive lock',
  ],
  [
    /^ADD (?!(?:CONSTRAINT|CHECK|FOREIGN|PRIMARY|UNIQUE|EXCLUDE)\b).*\bNOT NULL\b(?<!\b(?:DEFAULT|GENERATED|SERIAL|BIGSERIAL|SMALLSERIAL)\b.*)(?!.*\b(?:DEFAULT|GENERATED)\b)/,
    'rows',
    'adds a required column without a default: fails on a table that has rows',
  ],
  [
    /^ALTER (?:COLUMN )?.*\bSET NOT NULL\b/,
    'rows',
    'makes a column required: fails where rows have none, and reads the whole table under an exclusive lock',
  ],
  [
    /^ADD (?:CONSTRAINT .*)?\b(?:FOREIGN KEY|CHECK)\b(?!.*\bNOT VALID\b)/,
    'rows',
    'adds a constraint that is validated at once: reads the whole table under a lock',
  ],
];

const CALL = /^CALL\b/;

/**
 * What in a script deserves a look. What the script does to empty tables and to new objects hurts nobody.
 * @param known the objects of the database, which the statements of the script change
 */
export function findInScript(script: Script, known = new KnownObjects()): ScriptFinding[] {
  const { text, statements, plan } = script;
  const findings: ScriptFinding[] = [];
  for (const statement of statements) {
    const presences = effectOf(statement)?.objects.map((object) => known.presenceOf(object));
    for (const finding of findInStatement(statement, presences ?? ['unknown']))
      findings.push({ line: lineOf(text, statement), finding });
    known.pass(statement);
  }
  const { mode, autocommit } = plan;
  const culprit = autocommit.kind === 'whole' ? statements[autocommit.at] : undefined;
  if (
    culprit !== undefined &&
    autocommit.kind === 'whole' &&
    (mode === 'autocommit' || CALL.test(culprit.skeleton))
  ) {
    findings.push({
      line: lineOf(text, culprit),
      finding: `may commit before its end (${autocommit.reason}): if it is interrupted, manual action may be required`,
    });
  }
  return findings;
}

function findInStatement({ skeleton }: Statement, presences: readonly Presence[]): string[] {
  const isThere: Record<Subject, boolean> = {
    object: presences.some((presence) => presence !== 'absent'),
    rows: presences.some((presence) => presence === 'filled' || presence === 'unknown'),
  };
  const matching = (rules: readonly Rule[], text: string) =>
    rules
      .filter(([pattern, subject]) => isThere[subject] && pattern.test(text))
      .map(([, , finding]) => finding);
  return [
    ...matching(IN_STATEMENTS, skeleton),
    ...new Set(actionsOf(skeleton).flatMap((action) => matching(IN_ACTIONS, action))),
  ];
}

const ALTER_TABLE =
  /^ALTER TABLE (?:IF EXISTS )?(?:ONLY )?(?:(?:"(?:[^"]|"")*"|[^\s("]+) \. )?(?:"(?:[^"]|"")*"|[^\s("]+)(?: \*)? /;

/** The actions of an ALTER TABLE, which commas outside of parentheses separate. */
function actionsOf(skeleton: string): string[] {
  const [head] = ALTER_TABLE.exec(skeleton) ?? [];
  if (head === undefined) return [];
  const actions: string[][] = [[]];
  let depth = 0;
  for (const [token] of skeleton.slice(head.length).matchAll(/"(?:[^"]|"")*"|\S+/g)) {
    if (token === '(') depth += 1;
    if (token === ')') depth -= 1;
    if (token === ',' && depth === 0) actions.push([]);
    else actions.at(-1)?.push(token);
  }
  return actions.map((tokens) => tokens.join(' '));
}

function lineOf(text: string, { start }: Statement): number {
  return text.slice(0, start).split(/\r\n|\n|\r/).length;
}
