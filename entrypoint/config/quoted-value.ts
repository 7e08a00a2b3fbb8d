import type { SettingProblem } from '../core/errors.ts';

const IN_QUOTES = /^(["'])(.+)\1$/s;

/**
 * The value without the quotes around it, which a shell would have removed, so that its other problems are found too;
 * the quotes become a problem. A command whose first and last words are quoted is left unchanged.
 */
export function withoutQuotes(name: string, value: string, problems: SettingProblem[]): string {
  const [, quote = '', inner = ''] = IN_QUOTES.exec(value) ?? [];
  if (inner === '' || inner.includes(quote)) return value;
  problems.push({
    what: name,
    expected: 'a value without surrounding quotes',
    got: `a value in ${quote === '"' ? 'double' : 'single'} quotes`,
    hint: `Remove the quotes: \`docker run --env-file\` keeps them as part of the value. If the value needs them, put it in a file and set ${name}_FILE.`,
  });
  return inner;
}
