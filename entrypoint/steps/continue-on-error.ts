import { BootError, type ExitName } from '../core/errors.ts';
import type { StepLog } from '../core/step-log.ts';

export interface OnError {
  /** From the variable `ENTRYPOINT_…_ON_ERROR`. */
  readonly onError: 'abort' | 'continue';
  /** The failures it is about, by how they end a boot. */
  readonly exit: ExitName;
  /** The warning where the boot continues: what failed, and what that means. */
  readonly warning: string;
}

/**
 * Runs the work of a step; a failure of its own is only logged where the environment says to continue.
 * @returns whether the work succeeded
 */
export async function continueOnError(
  { onError, exit, warning }: OnError,
  log: StepLog,
  work: () => Promise<void>,
): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (onError === 'abort' || !(error instanceof BootError) || error.exit.name !== exit) throw error;
    log.warn('continued', warning, {
      error: { code: error.code, message: error.message },
      details: error.problems.flatMap(({ details }) => details ?? []),
    });
    return false;
  }
}
