import type { Context } from '../core/context.ts';
import { BootError } from '../core/errors.ts';
import { faultPoint } from '../core/fault-point.ts';
import type { StepLog } from '../core/step-log.ts';
import type { Database } from '../database/database.ts';
import { describeLockHolder } from '../database/lock-holder-name.ts';
import { Backoff } from '../lib/backoff.ts';
import { Deadline } from '../lib/deadline.ts';
import { formatDuration } from '../lib/duration.ts';
import { type AdvisoryLock, BOOT_LOCK, PRISMA_LOCK } from './boot-lock/advisory-locks.ts';
import { type LockHolder, openLockHolder } from './boot-lock/lock-holder.ts';
import { waitForTableLocks } from './with-database.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1000;
const PROGRESS_MS = 10_000;

/** Lets one replica migrate and seed while the others wait. A step acquires it only when it has work to do. */
export interface BootLock {
  /** Waits for the lock; a second call only where a script has released it. */
  acquire(): Promise<void>;
  /** Waits for the lock that Prisma's own tools acquire. */
  acquirePrismaLock(): Promise<void>;
  /** The keys of what the session of the migrations holds itself, which a script can release. */
  readonly exposed: readonly number[];
  /** Takes back at once what a script has released; throws where another session has it by now. */
  keep(): Promise<void>;
  /** Aborted when the connection that holds the lock is gone. */
  readonly lost: AbortSignal;
}

/** A database, and the lock under which a step has it for itself. */
export interface Exclusion {
  readonly database: Database;
  readonly lock: BootLock;
}

/**
 * Runs work that may acquire the lock, and always releases it. Locked tables most often mean that another replica is
 * migrating: then the lock is acquired before the work begins.
 */
export async function withBootLock<Result>(
  database: Database,
  timeoutMs: number,
  context: Context,
  work: (exclusion: Exclusion) => Promise<Result>,
): Promise<Result> {
  const lost = new AbortController();
  let holder: LockHolder | undefined;
  const acquired: AdvisoryLock[] = [];
  const acquire = async (lock: AdvisoryLock) => {
    if (holder === undefined) {
      holder = await openLockHolder(database, context);
      const { lost: gone } = holder.session;
      gone.addEventListener('abort', () => lost.abort(gone.reason), { once: true });
    }
    const request = { holder, lock, timeoutMs };
    await context.steps.run('lock', (log) => poll(request, context, log));
    if (!acquired.includes(lock)) acquired.push(lock);
  };
  const exposed = () => (holder?.session === database.session ? acquired : []);
  const bootLock: BootLock = {
    lost: lost.signal,
    acquirePrismaLock: () => acquire(PRISMA_LOCK),
    acquire: async () => {
      if (!acquired.includes(BOOT_LOCK) || !(await holder?.tryLock(BOOT_LOCK.key))) await acquire(BOOT_LOCK);
    },
    get exposed() {
      return exposed().map(({ key }) => key);
    },
    keep: async () => {
      for (const lock of exposed())
        if (!(await holder?.tryLock(lock.key))) throw await released(lock, database);
    },
  };
  try {
    if (database.isLocked) await bootLock.acquire();
    await waitForTableLocks(database, context);
    return await work({ database, lock: bootLock });
  } finally {
    if (holder !== undefined) {
      faultPoint('lock:release');
      await holder.release();
    }
  }
}

/** A lock, the session that is to hold it, and how long to wait for it. */
interface LockRequest {
  readonly holder: LockHolder;
  readonly lock: AdvisoryLock;
  readonly timeoutMs: number;
}

/** Never waits inside the server: CREATE INDEX CONCURRENTLY would wait for the snapshot of the waiting session. */
async function poll(
  { holder, lock, timeoutMs }: LockRequest,
  { shutdown }: Context,
  log: StepLog,
): Promise<void> {
  const deadline = new Deadline(timeoutMs);
  const backoff = new Backoff({
    firstMs: FIRST_PAUSE_MS,
    longestMs: LONGEST_PAUSE_MS,
    signal: shutdown.signal,
  });
  const { session } = holder;
  const whoHolds = (key: number) => session.waiting(() => describeLockHolder(session, key));
  let nextProgress: Deadline | undefined;
  for (;;) {
    shutdown.signal.throwIfAborted();
    faultPoint('lock:before');
    if (await session.waiting(() => holder.tryLock(lock.key))) {
      faultPoint('lock:taken');
      log.done(`acquired ${lock.name}`);
      return;
    }
    faultPoint('lock:busy');
    if (nextProgress === undefined || nextProgress.isOver) {
      const who = await whoHolds(lock.key);
      if (deadline.isOver) throw timedOut(lock, timeoutMs, who);
      const left = formatDuration(deadline.remainingMs);
      log.info('waiting', `waiting up to ${left} for the ${lock.name}: it is held by ${who}`, {
        remainingMs: Math.round(deadline.remainingMs),
      });
      nextProgress = new Deadline(PROGRESS_MS);
    }
    if (deadline.isOver) throw timedOut(lock, timeoutMs, await whoHolds(lock.key));
    await backoff.pause(deadline.remainingMs);
  }
}

async function released({ key, name }: AdvisoryLock, { session }: Database): Promise<BootError> {
  return new BootError('MIGRATION_BLOCKED', {
    message: `A migration released the ${name} (pg_advisory_unlock_all or DISCARD ALL), and it is held by ${await describeLockHolder(session, key)} now`,
    hint: 'Restarting continues from what is recorded. Take that statement out of the migrations that are not applied yet.',
  });
}

function timedOut({ name, others }: AdvisoryLock, timeoutMs: number, who: string): BootError {
  return new BootError('LOCK_TIMEOUT', {
    message: `Could not acquire the ${name} within ${formatDuration(timeoutMs)}: it is held by ${who}`,
    hint: `${others}: wait until it has finished, or end its session with \`select pg_terminate_backend(PID)\`. To wait longer, raise ENTRYPOINT_LOCK_TIMEOUT.`,
  });
}
