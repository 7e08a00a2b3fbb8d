/** `problemsOf(work)`: the problems of the BootError that `work` throws; fails where it throws none. */
import { expect } from 'vitest';
import {
  BootError,
  type ErrorCode,
  type RuntimeProblem,
  type SettingProblem,
} from '../../entrypoint/core/errors.ts';

/** A problem of either shape, as a test reads it. */
export type AnyProblem = Partial<SettingProblem> & Partial<RuntimeProblem>;

export function problemsOf(work: () => unknown, code: ErrorCode): readonly AnyProblem[] {
  try {
    work();
  } catch (error) {
    if (!(error instanceof BootError)) throw error;
    expect(error.code).toBe(code);
    return error.problems;
  }
  throw new Error(`nothing was thrown, where ${code} was expected`);
}
