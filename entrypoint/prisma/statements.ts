/** One statement of a script, as the server's lexer delimits it. */
export interface Statement {
  /** Offset of its first token, in UTF-16 units. */
  readonly start: number;
  /** Offset behind its last token. */
  readonly end: number;
  /** Its bare words in upper case, in order: keywords and unquoted names, nothing from strings or comments. */
  readonly words: readonly string[];
  /** Its text in upper case where quoted names, strings and comments are blanked, for pattern matching. */
  readonly skeleton: string;
  /** The contents of its dollar-quoted strings: function bodies and DO blocks. */
  readonly bodies: readonly string[];
}

const TOKEN = new RegExp(
  [
    /(?<space>[ \t\n\r\f\v]+|--[^\n\r]*)/,
    /(?<comment>\/\*)/,
    /(?<escape>[eE]'(?:[^'\\]|\\[\s\S]|'')*(?:'|$)(?:(?:[ \t\f\v]|--[^\n\r]*)*[\n\r](?:[ \t\n\r\f\v]|--[^\n\r]*[\n\r])*'(?:[^'\\]|\\[\s\S]|'')*(?:'|$))*)/,
    /(?<string>(?:[uU]&|[bBxXnN])?'(?:[^']|'')*(?:'|$))/,
    /(?<name>(?:[uU]&)?"(?:[^"]|"")*(?:"|$))/,
    /(?<word>[A-Za-z_\u0080-\uFFFF][\w$\u0080-\uFFFF]*)/,
    /(?<number>\d[\w.]*)/,
    /(?<dollar>\$(?:[A-Za-z_\u0080-\uFFFF][\w\u0080-\uFFFF]*)?\$)/,
    /(?<other>[\s\S])/,
  ]
    .map((part) => part.source)
    .join('|'),
  'y',
);

class StatementBuilder {
  #start = -1;
  #end = -1;
  readonly #words: string[] = [];
  readonly #skeleton: string[] = [];
  readonly #bodies: string[] = [];
  depth = 0;
  #atomicDepth = 0;

  /** A semicolon inside parentheses (a rule's actions) or inside BEGIN ATOMIC … END does not end the statement. */
  get isOpen(): boolean {
    return this.depth > 0 || this.#atomicDepth > 0;
  }

  add(start: number, end: number, skeleton: string): void {
    if (this.#start === -1) this.#start = start;
    this.#end = end;
    this.#skeleton.push(skeleton);
  }

  addWord(word: string): void {
    this.#words.push(word);
    if (!/^CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE)\b/.test(this.#words.slice(0, 4).join(' '))) return;
    if (word === 'ATOMIC' && this.#words.at(-2) === 'BEGIN') this.#atomicDepth = 1;
    else if (this.#atomicDepth > 0 && word === 'CASE') this.#atomicDepth += 1;
    else if (this.#atomicDepth > 0 && word === 'END') this.#atomicDepth -= 1;
  }

  addBody(body: string): void {
    this.#bodies.push(body);
  }

  build(): Statement | undefined {
    if (this.#start === -1) return undefined;
    const skeleton = this.#skeleton.join(' ');
    return { start: this.#start, end: this.#end, words: this.#words, skeleton, bodies: this.#bodies };
  }
}

/**
 * The statements of a script. Follows PostgreSQL's lexer (scan.l) with standard_conforming_strings on; empty
 * statements are left out, as the server sends no completion for them.
 */
export function splitStatements(sql: string): Statement[] {
  const statements: Statement[] = [];
  let current = new StatementBuilder();
  const finish = () => {
    const statement = current.build();
    if (statement !== undefined) statements.push(statement);
    current = new StatementBuilder();
  };
  for (let at = 0; at < sql.length; ) {
    TOKEN.lastIndex = at;
    const groups = TOKEN.exec(sql)?.groups ?? {};
    let end = TOKEN.lastIndex;
    if (groups.comment !== undefined) {
      end = endOfComment(sql, at);
    } else if (groups.dollar !== undefined) {
      const close = sql.indexOf(groups.dollar, end);
      current.addBody(sql.slice(end, close === -1 ? sql.length : close));
      end = close === -1 ? sql.length : close + groups.dollar.length;
      current.add(at, end, "''");
    } else if (groups.word !== undefined) {
      const word = groups.word.toUpperCase();
      current.add(at, end, word);
      current.addWord(word);
    } else if (groups.other === ';' && !current.isOpen) {
      finish();
    } else if (groups.space === undefined) {
      if (groups.other === '(') current.depth += 1;
      if (groups.other === ')') current.depth = Math.max(0, current.depth - 1);
      current.add(at, end, blank(groups));
    }
    at = end;
  }
  finish();
  return statements;
}

/** Block comments nest. */
function endOfComment(sql: string, start: number): number {
  const edge = /\/\*|\*\//g;
  edge.lastIndex = start + 2;
  let depth = 1;
  for (let match = edge.exec(sql); match !== null; match = edge.exec(sql)) {
    depth += match[0] === '/*' ? 1 : -1;
    if (depth === 0) return edge.lastIndex;
  }
  return sql.length;
}

function blank(groups: Record<string, string | undefined>): string {
  if (groups.string !== undefined || groups.escape !== undefined) return "''";
  return groups.name ?? groups.number ?? groups.other ?? '';
}
