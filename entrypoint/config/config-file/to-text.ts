import type { Variable } from '../variables.ts';

/** A value of the file as the text of its variable; undefined if it has another type. */
export function toText({ form, values }: Variable, value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  if (typeof value === 'number') return form === 'number' ? String(value) : undefined;
  if (typeof value === 'boolean') return values?.includes('off') ? (value ? 'on' : 'off') : undefined;
  if (!Array.isArray(value) || value.length === 0 || !value.every((part) => typeof part === 'string'))
    return undefined;
  if (form === 'list') return value.some((part) => part.includes(',')) ? undefined : value.join(',');
  if (form !== 'command') return undefined;
  const words = value.map(quote);
  return words.includes(undefined) ? undefined : words.join(' ');
}

/** What the file may hold for a variable, as it reads after "expected ". */
export function expectedInFile({ form, expected }: Variable): string {
  if (form === 'number') return expected;
  if (form === 'list') return `${expected}, as a string or a list of strings`;
  if (form === 'command')
    return `${expected}, as a string or a list of strings, none with both kinds of quotes`;
  return `${expected}, as a string`;
}

/** A value of the wrong type: which one, without the value. */
export function describeType(value: unknown): string {
  if (value === '') return 'an empty string';
  if (value === null || typeof value === 'boolean') return `\`${value}\``;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** A word of a command as `string-argv` reads it back; undefined for one with both kinds of quotes. */
function quote(word: string): string | undefined {
  if (!word.includes('"')) return `"${word}"`;
  return word.includes("'") ? undefined : `'${word}'`;
}
