/** `problemsOf(work)`: the problems of the BootError that `work` throws; fails where it throws none. */
import { expect } from 'vitest';
import { BootError, type ErrorCode, type Problem } from '../../entrypoint/core/errors.ts';

export function problemsOf(work: () => unknown, code: ErrorCode): readonly Problem[] {
  try {
    work();
  } catch (error) {
    if (!(error instanceof BootError)) throw error;
    expect(error.code).toBe(code);
    return error.problems;
  }
  throw new Error(`nothing was thrown, where ${code} was expected`);
}
