import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from '../../core/context.ts';
import type { StepLog } from '../../core/step-log.ts';
import type { Database } from '../../database/database.ts';
import { formatDuration } from '../../lib/duration.ts';
import { requestCancel } from '../../postgres/cancel.ts';
import { type ActivitySample, activityQuery } from './activity-query.ts';
import { SideConnection } from './side-connection.ts';

const LOOK_EVERY_MS = 10_000;
const PROGRESS_EVERY_MS = 30_000;
const CANCEL_EVERY_MS = 500;
/** Polls in a row that find the script's backend idle, or gone, before its answer is given up. */
const IDLE_POLLS = 3;

/** Keeps an eye on a script from a connection of its own, as nobody can ask the one that is busy. */
export interface ScriptWatch {
  /** Tells that the script, or a part of it, is on its way. */
  sent(isCancellable: boolean): void;
  /** Tells that it was answered. */
  answered(): void;
  /** Who was last seen to hold a lock that the script waits for. */
  readonly blocker: string | undefined;
  stop(): Promise<void>;
}

/**
 * Looks for who holds the locks that the script waits for, tells that it still runs, and gives the connection up when
 * its answer cannot come any more. A script is cancelled on a signal, or when the lock is lost to another replica, where
 * that leaves nothing that the next start does not know of; otherwise it is left to end.
 */
export function watchScript(
  database: Database,
  name: string,
  lockTimeoutMs: number | undefined,
  lockLost: AbortSignal,
  { shutdown }: Context,
  log: StepLog,
): ScriptWatch {
  const { session } = database;
  const query = activityQuery(database);
  const started = performance.now();
  let isCancellable = false;
  let isEnding = false;
  let blocker: string | undefined;
  let nextProgressMs = PROGRESS_EVERY_MS;
  let idlePolls = 0;
  let underway = false;
  let side: SideConnection | undefined;
  let stopCancelling: (() => Promise<void>) | undefined;

  const look = async () => {
    side ??= new SideConnection(session.settings);
    const [sample] = (await side.ask<ActivitySample>(query)) ?? [];
    blocker = sample?.who ?? blocker;
    // Behind a pooler a script may wait for a backend.
    const mayBeIdle = sample === undefined || sample.at_work || database.isPooled || !underway;
    idlePolls = mayBeIdle ? 0 : idlePolls + 1;
    if (idlePolls >= IDLE_POLLS)
      session.giveUp('the server has long ended the script, and its answer never came');
    else if (side.silentMs > session.answerMs)
      session.giveUp(`no answer within ${formatDuration(side.silentMs)}`);
  };
  const tellProgress = () => {
    const runsMs = performance.now() - started;
    if (runsMs < nextProgressMs) return;
    nextProgressMs += PROGRESS_EVERY_MS;
    log.info('progress', `${name} has been running for ${formatDuration(runsMs)}`, { migration: name });
  };
  const cancel = () => {
    isEnding = true;
    if (!underway) return;
    if (!isCancellable) {
      log.warn('finishing', `${name} cannot be cancelled: waiting for it to finish`, { migration: name });
      return;
    }
    // Again and again: the first may come before the script does.
    stopCancelling ??= repeat(async () => {
      if (underway && isCancellable) await requestCancel(session);
    });
  };
  const timer = setInterval(
    () => {
      tellProgress();
      void look();
    },
    lockTimeoutMs === undefined ? LOOK_EVERY_MS : Math.max(100, lockTimeoutMs / 2),
  );
  // Without a pooler the lock is lost with the script's own connection.
  const ends = database.isPooled ? AbortSignal.any([shutdown.signal, lockLost]) : shutdown.signal;
  ends.addEventListener('abort', cancel, { once: true });

  return {
    sent(next) {
      isCancellable = next;
      underway = true;
      if (isEnding) cancel();
    },
    answered() {
      underway = false;
    },
    get blocker() {
      return blocker;
    },
    async stop() {
      clearInterval(timer);
      ends.removeEventListener('abort', cancel);
      await Promise.all([side?.close(), stopCancelling?.()]);
    },
  };
}

/** Asks again and again, until the function that is returned is called. */
function repeat(request: () => Promise<void>): () => Promise<void> {
  const stopped = new AbortController();
  const { signal } = stopped;
  const asking = (async () => {
    while (!signal.aborted) {
      await request();
      await delay(CANCEL_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  })();
  return () => {
    stopped.abort();
    return asking;
  };
}
