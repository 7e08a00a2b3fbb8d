import type { Statement } from './statements.ts';
import { readTokens } from './tokens.ts';

/** `CREATE INDEX CONCURRENTLY`; names as the script writes them, quoted or not. */
export interface ConcurrentIndex {
  readonly kind: 'create index';
  readonly isUnique: boolean;
  /** Undefined where PostgreSQL chooses it. */
  readonly name: string | undefined;
  readonly table: string;
  /** All that follows the name of the table. */
  readonly definition: string;
}

export interface Reindex {
  readonly kind: 'reindex';
  readonly isConcurrent: boolean;
  readonly scope: ReindexScope;
  /** As the script writes it; undefined where it names no database. */
  readonly name: string | undefined;
}

/** A statement that commits by itself, and whose outcome a later start can look up, or that may simply run again. */
export type Standalone =
  | ConcurrentIndex
  | { readonly kind: 'drop index'; readonly name: string }
  | Reindex
  | { readonly kind: 'detach'; readonly parent: string; readonly partition: string }
  | { readonly kind: 'create' | 'drop'; readonly object: SharedObject; readonly name: string }
  | { readonly kind: 'repeatable' };

export type ReindexScope = (typeof REINDEX_SCOPES)[number];
export type SharedObject = 'DATABASE' | 'TABLESPACE' | 'SUBSCRIPTION';

const REINDEX_SCOPES = ['INDEX', 'TABLE', 'SCHEMA', 'DATABASE', 'SYSTEM'] as const;
const REPEATABLE = /^(?:VACUUM|ANALYZE|ALTER SYSTEM|CLUSTER|ALTER DATABASE|DISCARD ALL)\b/;

/** Reads such a statement; undefined for all others. */
export function readStandalone(text: string, { start, end, skeleton }: Statement): Standalone | undefined {
  if (REPEATABLE.test(skeleton)) return { kind: 'repeatable' };
  const words = new Words(text.slice(start, end));
  if (/^CREATE (?:UNIQUE )?INDEX CONCURRENTLY\b/.test(skeleton)) return readCreateIndex(words);
  if (words.take('DROP', 'INDEX', 'CONCURRENTLY')) {
    words.take('IF', 'EXISTS');
    const name = words.name();
    if (!words.take('CASCADE')) words.take('RESTRICT');
    return name === undefined || words.peek() !== undefined ? undefined : { kind: 'drop index', name };
  }
  if (words.take('REINDEX')) return readReindex(words, skeleton);
  if (words.take('ALTER', 'TABLE')) return readDetach(words, skeleton);
  return readShared(words);
}

function readCreateIndex(words: Words): ConcurrentIndex | undefined {
  words.take('CREATE');
  const isUnique = words.take('UNIQUE');
  words.take('INDEX', 'CONCURRENTLY');
  words.take('IF', 'NOT', 'EXISTS');
  const name = words.peek() === 'ON' ? undefined : words.name();
  if (!words.take('ON')) return undefined;
  words.take('ONLY');
  const table = words.name();
  if (table === undefined) return undefined;
  return { kind: 'create index', isUnique, name, table, definition: words.rest() };
}

function readReindex(words: Words, skeleton: string): Reindex | undefined {
  words.skipParentheses();
  const scope = REINDEX_SCOPES.find((word) => words.take(word));
  words.take('CONCURRENTLY');
  const name = words.name();
  if (scope === undefined || words.peek() !== undefined) return undefined;
  return { kind: 'reindex', isConcurrent: /\bCONCURRENTLY\b/.test(skeleton), scope, name };
}

function readDetach(words: Words, skeleton: string): Standalone | undefined {
  if (!/\bCONCURRENTLY$/.test(skeleton)) return undefined;
  words.take('IF', 'EXISTS');
  words.take('ONLY');
  const parent = words.name();
  if (!words.take('DETACH', 'PARTITION')) return undefined;
  const partition = words.name();
  if (parent === undefined || partition === undefined) return undefined;
  return { kind: 'detach', parent, partition };
}

const SHARED: readonly SharedObject[] = ['DATABASE', 'TABLESPACE', 'SUBSCRIPTION'];

function readShared(words: Words): Standalone | undefined {
  const kind = words.take('CREATE') ? 'create' : words.take('DROP') ? 'drop' : undefined;
  const object = SHARED.find((word) => words.take(word));
  if (kind === undefined || object === undefined) return undefined;
  words.take('IF', 'EXISTS');
  const name = words.name();
  return name === undefined ? undefined : { kind, object, name };
}

/** The tokens of a statement, taken from its beginning. */
class Words {
  readonly #sql: string;
  readonly #tokens: readonly { readonly start: number; readonly end: number; readonly text: string }[];
  #next = 0;

  constructor(sql: string) {
    this.#sql = sql;
    this.#tokens = [...readTokens(sql)].map(({ start, end, kind }) => {
      const text = sql.slice(start, end);
      return { start, end, text: kind === 'word' ? text.toUpperCase() : text };
    });
  }

  peek(): string | undefined {
    return this.#tokens[this.#next]?.text;
  }

  /** Goes past words that come next, all of them or none. */
  take(...words: readonly string[]): boolean {
    const isNext = words.every((word, index) => this.#tokens[this.#next + index]?.text === word);
    if (isNext) this.#next += words.length;
    return isNext;
  }

  /** Goes past options in parentheses, which hold none themselves. */
  skipParentheses(): void {
    if (this.peek() !== '(') return;
    while (this.peek() !== undefined && !this.take(')')) this.#next += 1;
  }

  /** Goes past a name, qualified or not, and answers with its text. */
  name(): string | undefined {
    const first = this.#tokens[this.#next];
    if (first === undefined || !/^(?!U&")["\p{L}_]/u.test(first.text)) return undefined;
    this.#next += 1;
    while (this.peek() === '.') this.#next += 2;
    return this.#sql.slice(first.start, this.#tokens[this.#next - 1]?.end);
  }

  rest(): string {
    const next = this.#tokens[this.#next];
    return next === undefined ? '' : this.#sql.slice(next.start);
  }
}
