import type { Context } from '../core/context.ts';
import { BootError } from '../core/errors.ts';
import { faultPoint } from '../core/fault-point.ts';
import type { StepLog } from '../core/step-log.ts';
import type { Database } from '../database/database.ts';
import { describeLockHolder } from '../database/lock-holder-name.ts';
import { Backoff } from '../lib/backoff.ts';
import { Deadline } from '../lib/deadline.ts';
import { formatDuration } from '../lib/duration.ts';
import { type LockHolder, openLockHolder } from './boot-lock/lock-holder.ts';
import { settleDatabase } from './settle-database.ts';

/** "zarpe" in ASCII: the advisory lock of our own, around migrate and seed. */
const BOOT_LOCK = 0x7a_61_72_70_65;
/** The one Prisma's schema engine takes; other tools that migrate wait in it. */
const PRISMA_LOCK = 72707369;

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1000;
const PROGRESS_MS = 10_000;

/** The lock that lets one replica work while the others wait. It is taken when something is to be done, not before. */
export interface BootLock {
  /** Waits for the lock; a second call does nothing. */
  hold(): Promise<void>;
  /** Waits for the lock that Prisma's own tools take. */
  holdPrismaLock(): Promise<void>;
  /** Aborted when the connection that holds the lock is gone. */
  readonly lost: AbortSignal;
}

/**
 * Runs work that may take the lock, and frees it whatever happens. A busy database is most often another replica at work:
 * then the work begins with the lock.
 */
export async function withBootLock(
  database: Database,
  timeoutMs: number,
  context: Context,
  work: (lock: BootLock) => Promise<void>,
): Promise<void> {
  const lost = new AbortController();
  let holder: LockHolder | undefined;
  const acquire = async (key: number) => {
    if (holder === undefined) {
      holder = await openLockHolder(database, context);
      const { lost: gone } = holder.session;
      gone.addEventListener('abort', () => lost.abort(gone.reason), { once: true });
    }
    const from = holder;
    await context.steps.run('lock', (log) => poll(from, key, timeoutMs, context, log));
  };
  let held: Promise<void> | undefined;
  const lock: BootLock = {
    lost: lost.signal,
    holdPrismaLock: () => acquire(PRISMA_LOCK),
    hold: async () => {
      held ??= acquire(BOOT_LOCK);
      await held;
    },
  };
  try {
    if (database.isBusy) await lock.hold();
    await settleDatabase(database, context);
    await work(lock);
  } finally {
    if (holder !== undefined) {
      faultPoint('lock:release');
      await holder.release();
    }
  }
}

/** Tries, and never blocks: a session that waits inside the server has a snapshot that CONCURRENTLY waits for. */
async function poll(
  holder: LockHolder,
  key: number,
  timeoutMs: number,
  { shutdown }: Context,
  log: StepLog,
): Promise<void> {
  const deadline = new Deadline(timeoutMs);
  const backoff = new Backoff({
    firstMs: FIRST_PAUSE_MS,
    longestMs: LONGEST_PAUSE_MS,
    signal: shutdown.signal,
  });
  let nextProgress: Deadline | undefined;
  for (;;) {
    shutdown.signal.throwIfAborted();
    faultPoint('lock:before');
    if (await holder.tryLock(key)) {
      faultPoint('lock:taken');
      log.done(key === PRISMA_LOCK ? "Prisma's lock is ours too" : 'the lock is ours');
      return;
    }
    faultPoint('lock:busy');
    if (nextProgress === undefined || nextProgress.isOver) {
      const who = await describeLockHolder(holder.session, key);
      if (deadline.isOver) throw timedOut(key, timeoutMs, who);
      log.info(
        'waiting',
        `another replica is at work: ${who} (${formatDuration(deadline.remainingMs)} left)`,
        {
          remainingMs: Math.round(deadline.remainingMs),
        },
      );
      nextProgress = new Deadline(PROGRESS_MS);
    }
    if (deadline.isOver) throw timedOut(key, timeoutMs, await describeLockHolder(holder.session, key));
    await backoff.pause(deadline.remainingMs);
  }
}

function timedOut(key: number, timeoutMs: number, who: string): BootError {
  const isPrisma = key === PRISMA_LOCK;
  return new BootError('LOCK_TIMEOUT', {
    what: isPrisma ? "the lock of Prisma's schema engine" : 'the boot lock',
    expected: `to get it within ${formatDuration(timeoutMs)}`,
    got: `a lock held by ${who}`,
    hint: `${isPrisma ? 'Another tool migrates this database' : 'Another replica migrates or seeds'}: let it end, or end it. ENTRYPOINT_LOCK_TIMEOUT says how long is waited.`,
  });
}
