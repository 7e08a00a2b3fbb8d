/** What the text of a configuration in JavaScript or TypeScript says: it is not run. */

/** The expression that an option is set to, on one line or several; undefined if it is not set. */
export function findOption(source: string, name: string): string | undefined {
  const set = new RegExp(`(?<![\\w$.])["']?${name}["']?\\s*:\\s*([^,}]+)`).exec(source)?.[1];
  if (set !== undefined) return set.trim();
  return new RegExp(`[{,]\\s*${name}\\s*[,}]`).test(source) ? name : undefined;
}

/** The string that an expression gives if nothing in the environment changes it; undefined if that cannot be told. */
export function stringOf(source: string, expression: string): string | undefined {
  const literal = /(?:^|\|\||\?\?)\s*(["'`])([^"'`$]*)\1[\s;]*(?:as const)?[\s;]*$/.exec(expression);
  if (literal !== null) return literal[2];
  const initial = findInitial(source, expression);
  return initial === undefined ? undefined : stringOf(source.replace(initial, ''), initial);
}

/** What a constant begins with, where an expression is its name. */
export function findInitial(source: string, expression: string): string | undefined {
  if (!/^[\w$]+$/.test(expression)) return undefined;
  const name = expression.replaceAll('$', '\\$');
  return new RegExp(`\\b(?:const|let|var)\\s+${name}\\s*(?::[^=]+)?=\\s*([^;\\n]+)`)
    .exec(source)?.[1]
    ?.trim();
}
