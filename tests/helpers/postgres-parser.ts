/**
 * PostgreSQL's own parser and lexer, as an oracle.
 *
 *     serverStatements(sql)   // the text of each statement from its first token to its last, or undefined: no SQL
 *     serverTokens(sql)       // what its lexer makes of any text; undefined where it refuses
 */
import { loadModule, parseSync, scanSync } from 'libpg-query';

interface Token {
  text: string;
  isComment: boolean;
  /** Offsets in UTF-16 units. */
  start: number;
  end: number;
}

await loadModule();

export function serverStatements(sql: string): string[] | undefined {
  const tokens = serverTokens(sql)?.filter(({ isComment }) => !isComment);
  // It takes no empty text.
  const text = `${sql}\n;`;
  const { bytes, toOffset } = utf8(text);
  try {
    const statements = parseSync(text).stmts ?? [];
    return statements.map(({ stmt_location: from = 0, stmt_len: length = bytes.length - from }) => {
      const [start, end] = [toOffset(from), toOffset(from + length)];
      const own = (tokens ?? []).filter((token) => token.start >= start && token.end <= end);
      return sql.slice(own[0]?.start, own.at(-1)?.end);
    });
  } catch {
    return undefined;
  }
}

export function serverTokens(sql: string): Token[] | undefined {
  const { bytes, toOffset } = utf8(sql);
  try {
    return scanSync(sql).tokens.map(({ start, end, tokenName }) => ({
      text: bytes.subarray(start, end).toString(),
      isComment: tokenName.includes('COMMENT'),
      start: toOffset(start),
      end: toOffset(end),
    }));
  } catch {
    return undefined;
  }
}

function utf8(text: string) {
  const bytes = Buffer.from(text);
  return { bytes, toOffset: (byte: number) => bytes.subarray(0, byte).toString().length };
}
