import { BootError } from '../../core/errors.ts';
import { formatDuration } from '../../lib/duration.ts';
import type { MigrateDeps } from './apply-deps.ts';

/** Bounds the work by ENTRYPOINT_MIGRATE_TIMEOUT: when that is over, `ends` is aborted, as by a signal. */
export async function withinTimeout<Deps extends MigrateDeps<unknown>, Result>(
  deps: Deps,
  work: (deps: Deps) => Promise<Result>,
): Promise<Result> {
  const { timeoutMs } = deps.config;
  if (timeoutMs === undefined) return work(deps);
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(migrateTimedOut(timeoutMs)), timeoutMs);
  try {
    return await work({ ...deps, ends: AbortSignal.any([deps.ends, over.signal]) });
  } finally {
    clearTimeout(timer);
  }
}

export function migrateTimedOut(timeoutMs: number): BootError {
  return new BootError('MIGRATION_TIMEOUT', {
    message: `Could not finish the migrations within ${formatDuration(timeoutMs)} (ENTRYPOINT_MIGRATE_TIMEOUT)`,
    hint: 'The one that ran was cancelled; those before it are applied, and the next start goes on after them. If one needs longer than that, raise ENTRYPOINT_MIGRATE_TIMEOUT.',
  });
}
