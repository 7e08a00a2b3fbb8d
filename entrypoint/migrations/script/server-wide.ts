import type { Script } from './script.ts';
import { type Statement, splitStatements } from './statements.ts';
import { readTokens, type Token } from './tokens.ts';

/** A statement that reaches beyond its own database. */
export interface ServerWide {
  /** Index of the statement of the script. */
  readonly at: number;
  readonly what: string;
}

/** How such a statement begins. */
const STATEMENTS: readonly (readonly [pattern: string, what: string])[] = [
  ['(?:CREATE|ALTER|DROP) (?:ROLE|GROUP|USER(?! MAPPING\\b))\\b', 'changes a role'],
  ['(?:GRANT|REVOKE)\\b(?:(?!\\bON\\b)[^;])*\\b(?:TO|FROM)\\b', 'changes the members of a role'],
  [
    '(?:GRANT|REVOKE)\\b[^;]*\\bON (?:DATABASE|TABLESPACE|PARAMETER)\\b',
    'changes privileges on a database, a tablespace or a parameter',
  ],
  ['(?:REASSIGN|DROP) OWNED\\b', 'changes what a role owns'],
  ['(?:CREATE|ALTER|DROP) (?:DATABASE|TABLESPACE)\\b', 'changes a database or a tablespace'],
  ['ALTER SYSTEM\\b', 'changes a setting of the server'],
  [
    '(?:COMMENT|SECURITY LABEL(?: FOR \\S+)?) ON (?:ROLE|DATABASE|TABLESPACE|SUBSCRIPTION)\\b',
    'describes a role, a database, a tablespace or a subscription',
  ],
  ['(?:CREATE|ALTER|DROP) SUBSCRIPTION\\b', 'changes a subscription'],
  ['(?:CREATE|ALTER) (?:SERVER|USER MAPPING)\\b|IMPORT FOREIGN SCHEMA\\b', 'connects to another server'],
  ["COPY\\b[^;]*\\b(?:PROGRAM|TO) ''", 'runs a program or writes a file on the server'],
  ['PREPARE TRANSACTION\\b|(?:COMMIT|ROLLBACK) PREPARED\\b', 'changes a prepared transaction'],
];

const CALL =
  /\b(?:DBLINK\w*|LO_EXPORT|PG_FILE_\w+|PG_(?:TERMINATE|CANCEL)_BACKEND|PG_RELOAD_CONF|PG_ROTATE_LOGFILE\w*|PG_PROMOTE|PG_SWITCH_WAL|PG_CREATE_RESTORE_POINT|PG_(?:CREATE|COPY|DROP)_\w*REPLICATION_SLOT|PG_REPLICATION_(?:ORIGIN|SLOT)_\w+|PG_STAT_RESET_SHARED|PG_STAT_STATEMENTS_RESET|HTTP_(?:GET|POST|PUT|PATCH|DELETE)|QUERY_EXPORT_TO_S3)"? \(/i;

const AT_START = [
  ...STATEMENTS.map(([pattern, what]) => [new RegExp(`^(?:${pattern})`), what] as const),
  [/^DO\b.*\bLANGUAGE (?:\w+U|"\w+u")(?= |$)/, 'runs code in a language that is not trusted'] as const,
];
const ANYWHERE = STATEMENTS.map(([pattern, what]) => [new RegExp(`\\b(?:${pattern})`), what] as const);
const HOLDS_CODE = /^(?:DO|CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE))\b/;

/**
 * The statements of a script that act on the whole server or on others: on roles, databases, settings, files, connections. Code in
 * DO blocks and functions is read as well, and the strings in it that begin as such a statement; one that is put together is not found.
 */
export function findServerWide({ text, statements }: Script): ServerWide[] {
  return statements.flatMap((statement, at) => {
    const what = inStatement(text, statement);
    return what === undefined ? [] : [{ at, what }];
  });
}

function inStatement(text: string, statement: Statement): string | undefined {
  const { skeleton, start, end } = statement;
  const found = match(AT_START, skeleton);
  if (found !== undefined || !HOLDS_CODE.test(skeleton)) return found;
  return firstOf(stringsIn(text.slice(start, end)), inCode);
}

/** Of a procedural language, whose statements may stand behind IF and LOOP, and whose strings may be run. */
function inCode(code: string): string | undefined {
  return (
    firstOf(splitStatements(code), ({ skeleton }) => match(ANYWHERE, skeleton)) ??
    firstOf(stringsIn(code), (string) =>
      firstOf(splitStatements(string), (statement) => inStatement(string, statement)),
    )
  );
}

function match(rules: typeof AT_START, skeleton: string): string | undefined {
  const [call] = CALL.exec(skeleton) ?? [];
  if (call !== undefined) return `calls ${call.replace(/"? \($/, '').toLowerCase()}`;
  return rules.find(([pattern]) => pattern.test(skeleton))?.[1];
}

function firstOf<Item>(items: Iterable<Item>, find: (item: Item) => string | undefined): string | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What the strings of a text stand for. */
function* stringsIn(text: string): Generator<string> {
  for (const token of readTokens(text)) {
    const content = contentOf(text.slice(token.start, token.end), token);
    if (content !== undefined) yield content;
  }
}

function contentOf(literal: string, { kind, open }: Token): string | undefined {
  if (kind !== 'string' && kind !== 'escape' && kind !== 'dollar') return undefined;
  const start = literal.indexOf(kind === 'dollar' ? '$' : "'", kind === 'dollar' ? 1 : 0) + 1;
  const content = literal.slice(start, open ? undefined : kind === 'dollar' ? -start : -1);
  return kind === 'dollar' ? content : content.replaceAll("''", "'");
}
