/** A token of a script that is neither white space nor a closed comment. Offsets are in UTF-16 units. */
export interface Token {
  readonly kind: Kind;
  readonly start: number;
  readonly end: number;
  /** A string, a quoted name or a comment that is never closed: the rest of the script is in it. */
  readonly open: boolean;
}

type Kind = 'word' | 'name' | 'string' | 'escape' | 'dollar' | 'number' | 'other';

const TOKEN = new RegExp(
  [
    /(?<space>[ \t\n\r\f\v]+|--[^\n\r]*)/,
    /(?<comment>\/\*)/,
    /(?<escape>[eE]')/,
    /(?<string>(?:[uU]&|[bBxXnN])?')/,
    /(?<name>(?:[uU]&)?")/,
    /(?<word>[A-Za-z_\u0080-\uFFFF][\w$\u0080-\uFFFF]*)/,
    /(?<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)/,
    /(?<dollar>\$(?:[A-Za-z_\u0080-\uFFFF][\w\u0080-\uFFFF]*)?\$)/,
    /(?<other>[\s\S])/,
  ]
    .map((part) => part.source)
    .join('|'),
  'y',
);
const KINDS: readonly Kind[] = ['word', 'name', 'string', 'escape', 'dollar', 'number', 'other'];
/** An escape string goes on behind a line break, with comments in between or not. One way to match each text: linear time. */
const CONTINUED = /[ \t\f\v]*(?:--[^\n\r]*)?[\n\r](?:[ \t\n\r\f\v]|--[^\n\r]*[\n\r])*'/y;

/** The tokens of a script as PostgreSQL's lexer (scan.l) makes them, with standard_conforming_strings on. */
export function* readTokens(sql: string): Generator<Token> {
  for (let start = 0, end = 0; start < sql.length; start = end) {
    TOKEN.lastIndex = start;
    const groups = TOKEN.exec(sql)?.groups ?? {};
    const kind = KINDS.find((name) => groups[name] !== undefined);
    const close = endOf(kind ?? 'space', sql, TOKEN.lastIndex, groups);
    end = close ?? sql.length;
    // A comment counts where it is never closed: the rest of the script is in it.
    if (kind !== undefined || close === undefined)
      yield { kind: kind ?? 'other', start, end, open: close === undefined };
  }
}

/** Where what begins before `inside` ends; undefined where it is never closed. */
function endOf(
  kind: Kind | 'space',
  sql: string,
  inside: number,
  groups: Readonly<Record<string, string | undefined>>,
): number | undefined {
  if (kind === 'escape') return endOfQuoted(sql, inside, /['\\]/g);
  if (kind === 'string') return endOfQuoted(sql, inside, /'/g);
  if (kind === 'name') return endOfQuoted(sql, inside, /"/g);
  if (groups.comment !== undefined) return endOfComment(sql, inside);
  if (groups.dollar === undefined) return inside;
  const close = sql.indexOf(groups.dollar, inside);
  return close === -1 ? undefined : close + groups.dollar.length;
}

/** A doubled quote stands for itself, and in an escape string so does what follows a backslash. */
function endOfQuoted(sql: string, inside: number, edge: RegExp): number | undefined {
  edge.lastIndex = inside;
  for (let match = edge.exec(sql); match !== null; match = edge.exec(sql)) {
    const [mark] = match;
    if (mark === '\\' || sql[edge.lastIndex] === mark) {
      edge.lastIndex += 1;
      continue;
    }
    CONTINUED.lastIndex = edge.lastIndex;
    if (!edge.source.includes('\\') || !CONTINUED.test(sql)) return edge.lastIndex;
    edge.lastIndex = CONTINUED.lastIndex;
  }
  return undefined;
}

/** Block comments nest. */
function endOfComment(sql: string, inside: number): number | undefined {
  const edge = /\/\*|\*\//g;
  edge.lastIndex = inside;
  let depth = 1;
  for (let match = edge.exec(sql); match !== null; match = edge.exec(sql)) {
    depth += match[0] === '/*' ? 1 : -1;
    if (depth === 0) return edge.lastIndex;
  }
  return undefined;
}
