import { readTokens, type Token } from './tokens.ts';

/** One statement of a script, as the server's lexer delimits it. */
export interface Statement {
  /** Offset of its first token, in UTF-16 units. */
  readonly start: number;
  /** Offset behind its last token. */
  readonly end: number;
  /** Its bare words in upper case, in order: keywords and unquoted names, nothing from strings or comments. */
  readonly words: readonly string[];
  /** Its tokens, a space between them, bare words in upper case and strings blanked, for pattern matching. */
  readonly skeleton: string;
  /** The contents of its dollar-quoted strings: function bodies and DO blocks. */
  readonly bodies: readonly string[];
  /** A string, a quoted name or a comment in it is never closed: the server takes no such script. */
  readonly open: boolean;
}

/** The statements of a script. Empty ones are left out, as the server sends no completion for them. */
export function splitStatements(sql: string): Statement[] {
  const statements: Statement[] = [];
  let current = new StatementBuilder(sql);
  const finish = () => {
    const statement = current.build();
    if (statement !== undefined) statements.push(statement);
    current = new StatementBuilder(sql);
  };
  for (const token of readTokens(sql)) {
    if (sql[token.start] === ';' && token.kind === 'other' && !current.isInside) finish();
    else current.add(token);
  }
  finish();
  return statements;
}

class StatementBuilder {
  readonly #sql: string;
  readonly #words: string[] = [];
  readonly #skeleton: string[] = [];
  readonly #bodies: string[] = [];
  #first: Token | undefined;
  #last: Token | undefined;
  #depth = 0;
  #atomicDepth = 0;

  constructor(sql: string) {
    this.#sql = sql;
  }

  /** A semicolon inside parentheses (a rule's actions) or inside BEGIN ATOMIC … END does not end the statement. */
  get isInside(): boolean {
    return this.#depth > 0 || this.#atomicDepth > 0;
  }

  add(token: Token): void {
    const text = this.#sql.slice(token.start, token.end);
    this.#first ??= token;
    this.#last = token;
    if (token.kind === 'word') this.#addWord(text.toUpperCase());
    if (token.kind === 'dollar') this.#bodies.push(contentsOf(text, token));
    if (text === '(') this.#depth += 1;
    if (text === ')') this.#depth = Math.max(0, this.#depth - 1);
    this.#skeleton.push(blank(token, text));
  }

  build(): Statement | undefined {
    if (this.#first === undefined || this.#last === undefined) return undefined;
    return {
      start: this.#first.start,
      end: this.#last.end,
      words: this.#words,
      skeleton: this.#skeleton.join(' '),
      bodies: this.#bodies,
      open: this.#last.open,
    };
  }

  #addWord(word: string): void {
    const isLabel = /^(?:AS|\.)$/.test(this.#skeleton.at(-1) ?? '');
    this.#words.push(word);
    if (
      isLabel ||
      !/^CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE)\b/.test(this.#words.slice(0, 4).join(' '))
    )
      return;
    if (word === 'ATOMIC' && this.#words.at(-2) === 'BEGIN') this.#atomicDepth = 1;
    else if (this.#atomicDepth > 0 && word === 'CASE') this.#atomicDepth += 1;
    else if (this.#atomicDepth > 0 && word === 'END') this.#atomicDepth -= 1;
  }
}

function contentsOf(dollarQuoted: string, { open }: Token): string {
  const length = dollarQuoted.indexOf('$', 1) + 1;
  return dollarQuoted.slice(length, open ? undefined : -length);
}

function blank({ kind }: Token, text: string): string {
  if (kind === 'string' || kind === 'escape' || kind === 'dollar') return "''";
  return kind === 'word' ? text.toUpperCase() : text;
}
