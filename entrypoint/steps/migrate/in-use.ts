import { BootError } from '../../core/errors.ts';
import type { StepLog } from '../../core/step-log.ts';
import { Backoff } from '../../lib/backoff.ts';
import { Deadline } from '../../lib/deadline.ts';
import { formatDuration } from '../../lib/duration.ts';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2000;
const PROGRESS_MS = 10_000;

/**
 * Each call waits a moment for another session that works on the same migration, such as the backend of a start that was
 * killed; rejects after the timeout of the boot lock.
 */
export function waitWhileInUse(
  name: string,
  timeoutMs: number,
  signal: AbortSignal,
  log: StepLog,
): (holder: string) => Promise<void> {
  const deadline = new Deadline(timeoutMs);
  const backoff = new Backoff({ firstMs: FIRST_PAUSE_MS, longestMs: LONGEST_PAUSE_MS, signal });
  let nextProgress: Deadline | undefined;
  return async (holder) => {
    if (deadline.isOver) throw stillInUse(name, holder, timeoutMs);
    if (nextProgress === undefined || nextProgress.isOver) {
      nextProgress = new Deadline(PROGRESS_MS);
      const left = formatDuration(deadline.remainingMs);
      log.info(
        'waiting',
        `${name}: waiting for another session that still works on it: ${holder} (${left} left)`,
        {
          migration: name,
          holder,
        },
      );
    }
    await backoff.pause(deadline.remainingMs);
  };
}

function stillInUse(name: string, holder: string, timeoutMs: number): BootError {
  return new BootError('MIGRATION_BLOCKED', {
    message: `Another session still works on migration ${name} after ${formatDuration(timeoutMs)} (ENTRYPOINT_LOCK_TIMEOUT): ${holder}`,
    hint: 'An interrupted start may have left it, and it may still finish: restarting may help. To terminate it: `select pg_terminate_backend(pid)`.',
  });
}
