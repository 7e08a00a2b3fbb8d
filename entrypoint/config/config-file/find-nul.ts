import type { SettingProblem } from '../../core/errors.ts';
import { inConfigFile } from './keys.ts';

/** A problem for each text with a NUL, which neither a variable nor an argument of a program can hold. */
export function findNul(value: unknown, path = ''): SettingProblem[] {
  if (typeof value === 'string') return value.includes('\0') ? [describeNul(path)] : [];
  if (Array.isArray(value)) return value.flatMap((part, at) => findNul(part, `${path}[${at}]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => findNul(part, path === '' ? key : `${path}.${key}`));
}

function describeNul(path: string): SettingProblem {
  return {
    what: inConfigFile(path),
    expected: 'text without NUL characters',
    got: 'a NUL character',
    hint: 'Remove `\\u0000`: neither a variable nor an argument can hold it.',
  };
}
