import { getSystemErrorMap } from 'node:util';

/** An error's `code`: the SQLSTATE of a server's error, the system's code of another (ECONNREFUSED), or `none`. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'none';
}

/** The message of an error; of an AggregateError, those of its parts. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}

/** The standard term of a system error's code, such as `connection refused`; undefined if it is none. */
export function systemTerm(code: string): string | undefined {
  return [...getSystemErrorMap().values()].find(([name]) => name === code)?.[1];
}
