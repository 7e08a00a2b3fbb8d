import { readTokens, type Token } from './tokens.ts';

/** A part of a statement, in which columns that are qualified with the name of a table get that of another. */
export function requalify(sql: string, table: string, other: string): string {
  const last = [...readTokens(table)].at(-1);
  const name = last && nameOf(table, last);
  if (name === undefined) return sql;
  const tokens = [...readTokens(sql)];
  let [text, from] = ['', 0];
  for (const [index, token] of tokens.entries()) {
    const [dot, , next] = tokens.slice(index + 1, index + 4).map(({ start, end }) => sql.slice(start, end));
    // Before a further dot or a parenthesis it is a schema of that name.
    const isQualifier = dot === '.' && next !== '.' && next !== '(' && nameOf(sql, token) === name;
    if (!isQualifier) continue;
    text += sql.slice(from, token.start) + other;
    from = token.end;
  }
  return text + sql.slice(from);
}

/** What a name is to the server: folded to lower case unless it is quoted. */
function nameOf(sql: string, { kind, start, end }: Token): string | undefined {
  const text = sql.slice(start, end);
  if (kind === 'word') return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : undefined;
}
