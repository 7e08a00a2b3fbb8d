import { setTimeout as delay } from 'node:timers/promises';
import { formatDuration } from '../../lib/duration.ts';
import { plainLine } from '../../lib/plain-text.ts';
import { requestCancel } from '../../postgres/cancel.ts';
import { type ActivitySample, activityQuery } from './activity-query.ts';
import type { MigrateDeps } from './apply-deps.ts';
import { SideConnection } from './side-connection.ts';

const LOOK_EVERY_MS = 10_000;
const PROGRESS_EVERY_MS = 30_000;
const CANCEL_EVERY_MS = 500;
/** Polls in a row that find the script's backend idle, or gone, before its answer is given up. */
const IDLE_POLLS = 3;

/** Watches a script over a second connection, as the first one is busy. */
export interface ScriptWatch {
  /** The script, or a part of it, was sent. */
  sent(query: { readonly isCancellable: boolean }): void;
  /** The server answered it. */
  answered(): void;
  /** The session that was last seen to hold a lock that the script waits for. */
  readonly blocker: string | undefined;
  stop(): Promise<void>;
}

/**
 * Finds out which session holds the locks that the script waits for, logs its progress, and drops the connection when
 * its answer can no longer come. A signal, the end of
 * ENTRYPOINT_MIGRATE_TIMEOUT, or the loss of the boot lock, cancels a script that leaves nothing behind
 * that the next start does not know of; any other runs to its end.
 */
export function watchScript(
  name: string,
  { database, lock, config, ends, log }: MigrateDeps<unknown>,
): ScriptWatch {
  const { lockTimeoutMs } = config;
  const { session } = database;
  const query = activityQuery(database);
  const started = performance.now();
  let isCancellable = false;
  let isEnding = false;
  let blocker: string | undefined;
  let waitsFor: string | null = null;
  let nextProgressMs = PROGRESS_EVERY_MS;
  let idlePolls = 0;
  let underway = false;
  let side: SideConnection | undefined;
  let stopCancelling: (() => Promise<void>) | undefined;

  const look = async () => {
    side ??= new SideConnection(session.settings);
    const [sample] = (await side.ask<ActivitySample>(query)) ?? [];
    waitsFor = sample?.who ? plainLine(sample.who) : null;
    blocker = waitsFor ?? blocker;
    // Behind a pooler a script may wait for a backend.
    const mayBeIdle = sample === undefined || sample.at_work || database.isPooled || !underway;
    idlePolls = mayBeIdle ? 0 : idlePolls + 1;
    if (idlePolls >= IDLE_POLLS)
      session.giveUp('the server finished the script, but its answer never arrived');
    else if (side.silentMs > session.answerMs)
      session.giveUp(`no answer within ${formatDuration(side.silentMs)}`);
  };
  const logProgress = () => {
    const runsMs = performance.now() - started;
    if (runsMs < nextProgressMs) return;
    nextProgressMs += PROGRESS_EVERY_MS;
    const message = `${name} has been running for ${formatDuration(runsMs)}`;
    if (waitsFor === null) log.info('progress', message, { migration: name });
    else log.info('progress', `${message}, and waits for ${waitsFor}`, { migration: name, holder: waitsFor });
  };
  const cancel = () => {
    isEnding = true;
    if (!underway) return;
    if (!isCancellable) {
      log.warn('finishing', `${name} cannot be cancelled: waiting for it to finish`, { migration: name });
      return;
    }
    // Repeated: the first may arrive before the script does.
    stopCancelling ??= repeat(async () => {
      if (underway && isCancellable) await requestCancel(session);
    });
  };
  const timer = setInterval(
    () => {
      logProgress();
      void look();
    },
    lockTimeoutMs === undefined ? LOOK_EVERY_MS : Math.max(100, lockTimeoutMs / 2),
  );
  // Without a pooler the lock is lost with the script's own connection.
  const cancels = database.isPooled ? AbortSignal.any([ends, lock.lost]) : ends;
  cancels.addEventListener('abort', cancel, { once: true });

  return {
    sent(query) {
      isCancellable = query.isCancellable;
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
      cancels.removeEventListener('abort', cancel);
      await Promise.all([side?.close(), stopCancelling?.()]);
    },
  };
}

/** Repeats a request until the returned function is called. */
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
