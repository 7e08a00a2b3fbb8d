import type { Script } from './script.ts';
import type { Statement } from './statements.ts';

/** Something in a pending migration that deserves a look before it runs on data. */
export interface ScriptFinding {
  /** From 1. */
  readonly line: number;
  readonly finding: string;
}

type Rule = readonly [pattern: RegExp, finding: string];

const IN_STATEMENTS: readonly Rule[] = [
  [
    /^DROP (?:TABLE|SCHEMA|VIEW|MATERIALIZED VIEW|TYPE|FUNCTION|SEQUENCE)\b/,
    'drops an object, and what is in it',
  ],
  [/^TRUNCATE\b/, 'deletes all rows of a table'],
  [/^DELETE FROM (?!.*\bWHERE\b)/, 'deletes all rows of a table'],
  [
    /^CREATE (?:UNIQUE )?INDEX\b(?!.*\bCONCURRENTLY\b)/,
    'builds an index without CONCURRENTLY: writes to the table wait until it is done',
  ],
];

/** What an ALTER TABLE does, each action by itself. */
const IN_ACTIONS: readonly Rule[] = [
  [/^DROP (?!CONSTRAINT\b)/, 'drops a column: the version that still runs may use it'],
  [/^RENAME (?!CONSTRAINT\b)/, 'renames: the version that still runs uses the old name'],
  [
    /^ALTER (?:COLUMN )?(?:"(?:[^"]|"")*"|\S+) (?:SET DATA )?TYPE\b/,
    'changes the type of a column: the table may be rewritten under an exclusive lock',
  ],
  [
    /^ADD (?!(?:CONSTRAINT|CHECK|FOREIGN|PRIMARY|UNIQUE|EXCLUDE)\b).*\bNOT NULL\b(?<!\b(?:DEFAULT|GENERATED|SERIAL|BIGSERIAL|SMALLSERIAL)\b.*)(?!.*\b(?:DEFAULT|GENERATED)\b)/,
    'adds a required column without a default: fails on a table that has rows',
  ],
  [
    /^ALTER (?:COLUMN )?.*\bSET NOT NULL\b/,
    'makes a column required: fails where rows have none, and reads the whole table under an exclusive lock',
  ],
  [
    /^ADD (?:CONSTRAINT .*)?\b(?:FOREIGN KEY|CHECK)\b(?!.*\bNOT VALID\b)/,
    'adds a constraint that is validated at once: reads the whole table under a lock',
  ],
];

const CALL = /^CALL\b/;

/** What in a script deserves a look. Tables that the script itself creates are empty, and do not count. */
export function findInScript(script: Script): ScriptFinding[] {
  const { text, statements, plan } = script;
  const created = new Set(statements.flatMap(createdTable));
  const findings = statements
    .filter((statement) => !created.has(touchedTable(statement) ?? ''))
    .flatMap((statement) =>
      findInStatement(statement).map((finding) => ({ line: lineOf(text, statement), finding })),
    );
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

function findInStatement({ skeleton }: Statement): string[] {
  const matching = (rules: readonly Rule[], text: string) =>
    rules.filter(([pattern]) => pattern.test(text)).map(([, finding]) => finding);
  return [
    ...matching(IN_STATEMENTS, skeleton),
    ...new Set(actionsOf(skeleton).flatMap((action) => matching(IN_ACTIONS, action))),
  ];
}

const NAME = /(?:(?:"(?:[^"]|"")*"|[^\s("]+) \. )?(?:"(?:[^"]|"")*"|[^\s("]+)/.source;
const CREATE_TABLE = new RegExp(`^CREATE (?:UNLOGGED )?TABLE (?:IF NOT EXISTS )?(?<table>${NAME})`);
const ALTER_TABLE = new RegExp(`^ALTER TABLE (?:IF EXISTS )?(?:ONLY )?(?<table>${NAME})(?: \\*)? `);
const CREATE_INDEX = new RegExp(`^CREATE (?:UNIQUE )?INDEX .*?\\bON (?:ONLY )?(?<table>${NAME})`);

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

function createdTable({ skeleton }: Statement): string[] {
  const name = CREATE_TABLE.exec(skeleton)?.groups?.table;
  return name === undefined ? [] : [name];
}

function touchedTable({ skeleton }: Statement): string | undefined {
  return (ALTER_TABLE.exec(skeleton) ?? CREATE_INDEX.exec(skeleton))?.groups?.table;
}

function lineOf(text: string, { start }: Statement): number {
  return text.slice(0, start).split(/\r\n|\n|\r/).length;
}
