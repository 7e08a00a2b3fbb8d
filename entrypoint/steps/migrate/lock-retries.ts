import type { Context } from '../../core/context.ts';
import { BootError } from '../../core/errors.ts';
import type { StepLog } from '../../core/step-log.ts';
import { Backoff } from '../../lib/backoff.ts';
import { ApplyError } from '../../migrations/apply/apply-error.ts';
import type { ScriptWatch } from './watch-script.ts';

/** No lock in time, a deadlock, a conflict of transactions: each passes once the others are done. */
const PASSING: ReadonlySet<string> = new Set(['55P03', '40P01', '40001']);
const ATTEMPTS = 8;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/**
 * Tries a migration again, or what is left of its own transactions, when it could not get a lock on a table in time: it was rolled back, and while it waited
 * every later query on that table waited behind it.
 */
export async function withLockRetries<Result>(
  name: string,
  watch: ScriptWatch,
  { shutdown }: Context,
  log: StepLog,
  apply: (committed: number | undefined) => Promise<Result>,
): Promise<Result> {
  const backoff = new Backoff({
    firstMs: FIRST_PAUSE_MS,
    longestMs: LONGEST_PAUSE_MS,
    signal: shutdown.signal,
  });
  let committed: number | undefined;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await apply(committed);
    } catch (error) {
      if (!passes(error)) throw error;
      if (error.remains.kind === 'transactions') committed = error.remains.committed;
      const holder = watch.blocker ?? 'a session that has ended since';
      if (attempt === ATTEMPTS) throw blocked(name, holder, error);
      log.warn(
        'blocked',
        `${name} waited too long for a lock held by ${holder}: rolled back, to be tried again (${attempt} of ${ATTEMPTS})`,
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

function passes(error: unknown): error is ApplyError {
  if (!(error instanceof ApplyError) || error.remains.kind === 'unknown') return false;
  return PASSING.has(error.cause.database?.code ?? '');
}

function blocked(name: string, holder: string, cause: unknown): BootError {
  const problem = {
    what: `migration ${name}`,
    expected: `its locks within ENTRYPOINT_MIGRATE_LOCK_TIMEOUT, in ${ATTEMPTS} attempts`,
    got: `a lock held by ${holder}`,
    hint: 'Its transaction was rolled back. End that session (`select pg_terminate_backend(pid)`), or migrate at a quieter hour.',
  };
  return new BootError('MIGRATION_BLOCKED', problem, cause);
}
