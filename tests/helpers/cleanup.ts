/**
 * `onCleanup(action)` undoes what a helper made: when the running test ends, or, for what `beforeAll` made, when
 * the file ends. Last made, first undone. An action that throws fails the test. Not for `test.concurrent`, where
 * nothing tells which test is the running one.
 */
import { onTestFinished } from 'vitest';

type Cleanup = () => void | Promise<void>;

const afterFile: Cleanup[] = [];

export function onCleanup(action: Cleanup): void {
  try {
    onTestFinished(action);
  } catch {
    afterFile.push(action);
  }
}

/** Called once at the end of each test file by `setup.ts`. */
export async function runFileCleanups(): Promise<void> {
  const failures: unknown[] = [];
  for (const action of afterFile.splice(0).reverse()) {
    try {
      await action();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'cleaning up after the test file failed');
}
