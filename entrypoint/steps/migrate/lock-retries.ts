import { BootError } from '../../core/errors.ts';
import { Backoff } from '../../lib/backoff.ts';
import { ApplyError } from '../../migrations/apply/apply-error.ts';
import type { MigrateDeps } from './apply-deps.ts';
import type { ScriptWatch } from './watch-script.ts';

/** Lock timeout, deadlock, serialization failure: each passes once the other session is done. */
const RETRYABLE: ReadonlySet<string> = new Set(['55P03', '40P01', '40001']);
const ATTEMPTS = 8;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/**
 * Retries a migration, or the rest of its own transactions, when it could not acquire a lock in time. It was rolled back:
 * while it waited, every later query on that table waited behind it.
 */
export async function withLockRetries<Result>(
  name: string,
  watch: ScriptWatch,
  { ends, log }: MigrateDeps<unknown>,
  apply: (committed: number | undefined) => Promise<Result>,
): Promise<Result> {
  const backoff = new Backoff({
    firstMs: FIRST_PAUSE_MS,
    longestMs: LONGEST_PAUSE_MS,
    signal: ends,
  });
  let committed: number | undefined;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await apply(committed);
    } catch (error) {
      if (!isRetryable(error)) throw error;
      if (error.remains.kind === 'transactions') committed = error.remains.committed;
      const holder = watch.blocker ?? 'a session that has ended since';
      if (attempt === ATTEMPTS) throw blocked(name, holder, error);
      log.warn(
        'blocked',
        `${name} could not acquire a lock held by ${holder}: rolled back, will be retried (attempt ${attempt} of ${ATTEMPTS})`,
        {
          migration: name,
          attempt,
          attempts: ATTEMPTS,
          holder,
        },
      );
      await backoff.pause(Number.POSITIVE_INFINITY);
    }
  }
}

/** Whether a transaction may succeed when another session is done. */
export function isRetryable(error: unknown): error is ApplyError {
  if (!(error instanceof ApplyError) || error.remains.kind === 'unknown') return false;
  return RETRYABLE.has(error.cause.database?.code ?? '');
}

function blocked(name: string, holder: string, cause: unknown): BootError {
  const problem = {
    message: `The locks of ${name} could not be acquired in ${ATTEMPTS} attempts (ENTRYPOINT_MIGRATE_LOCK_TIMEOUT each): held by ${holder}`,
    hint: 'It was rolled back. Terminate that session (`select pg_terminate_backend(pid)`), or migrate at a quieter hour.',
  };
  return new BootError('MIGRATION_BLOCKED', problem, cause);
}
