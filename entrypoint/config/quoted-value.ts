import type { SettingProblem } from '../core/errors.ts';

const IN_QUOTES = /^(["'])(.+)\1$/s;

/**
 * The value inside quotes that were meant for a shell, so that all else that is wrong with it is found as well, and
 * the problem that the quotes are. A command whose first and last word are quoted is left as it is.
 */
export function withoutQuotes(name: string, value: string, problems: SettingProblem[]): string {
  const [, quote = '', inner = ''] = IN_QUOTES.exec(value) ?? [];
  if (inner === '' || inner.includes(quote)) return value;
  problems.push({
    what: name,
    expected: 'a value without quotes around it',
    got: `one in ${quote === '"' ? 'double' : 'single'} quotes`,
    hint: `Remove them: \`docker run --env-file\` keeps quotes as part of the value. Where they are meant, give the value as ${name}_FILE.`,
  });
  return inner;
}
