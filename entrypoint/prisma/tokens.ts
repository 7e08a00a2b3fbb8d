/** A token of a script that is neither white space nor a comment. Offsets in UTF-16 units. */
export interface Token {
  readonly kind: 'word' | 'name' | 'string' | 'dollar' | 'number' | 'other';
  readonly start: number;
  readonly end: number;
  /** The contents of a dollar-quoted string, the text of any other token. */
  readonly text: string;
  /** A string or a name whose quote is never closed. */
  readonly open: boolean;
}

const TOKEN = new RegExp(
  [
    /(?<space>[ \t\n\r\f\v]+|--[^\n\r]*)/,
    /(?<comment>\/\*)/,
    /(?<escape>[eE]')/,
    /(?<string>(?:[uU]&|[bBxXnN])?')/,
    /(?<name>(?:[uU]&)?")/,
    /(?<word>[A-Za-z_\u0080-\uFFFF][\w$\u0080-\uFFFF]*)/,
    /(?<number>\d[\w.]*)/,
    /(?<dollar>\$(?:[A-Za-z_\u0080-\uFFFF][\w\u0080-\uFFFF]*)?\$)/,
    /(?<other>[\s\S])/,
  ]
    .map((part) => part.source)
    .join('|'),
  'y',
);
/** An escape string goes on behind a line break, comments or not. */
const _CONTINUED = /(?:[ \t\f\v]|--[^\n\r]*)*[\n\r](?:[ \t\n\r\f\v]|--[^\n\r]*[\n\r])*'/y;

/** The tokens of a script as PostgreSQL's lexer (scan.l) makes them with standard_conforming_strings on. */
export function* readTokens(sql: string): Generator<Token> {
  for (let start = 0; start < sql.length; ) {
    TOKEN.lastIndex = start;
    const groups = TOKEN.exec(sql)?.groups ?? {};
    const inside = TOKEN.lastIndex;
    const token = (kind: Token['kind'], end = inside): Token => {
      const open = end === undefined;
      return { kind, start, end, text: sql.slice(start, end), open };
    };
    const quoted = (kind: 'string' | 'name', edge: RegExp): Token => {
      const end = endOfQuoted(sql, inside, edge);
      return { ...token(kind, end ?? sql.length), open: end === undefined };
    };
    let next: Token | undefined;
    if (groups.dollar !== undefined) next = dollarQuoted(sql, start, groups.dollar);
    else if (groups.escape !== undefined) next = quoted('string', /['\\]/g);
    else if (groups.string !== undefined) next = quoted('string', /'/g);
    else if (groups.name !== undefined) next = quoted('name', /"/g);
    else if (groups.word !== undefined) next = token('word');
    else if (groups.number !== undefined) next = token('number');
    else if (groups.other !== undefined) next = token('other');
    if (next !== undefined) yield next;
    start = next?.end ?? (groups.comment === undefined ? inside : endOfComment(sql, inside));
  }
}
