import type { Context } from '../../lib/context.ts';
import { withConnection } from '../../lib/database/connect.ts';
import { formatDuration } from '../../lib/duration.ts';
import type { StepLog } from '../../lib/step-log.ts';
import type { Database } from '../../prisma/database.ts';

const LOOK_EVERY_MS = 10_000;
const PROGRESS_EVERY_MS = 30_000;
const SIDE_TIMEOUT_MS = 2000;

/** Keeps an eye on a script from a connection of its own, as nobody can ask the one that is busy. */
export interface ScriptWatch {
  /** Tells that the script is on its way: one that is atomic may be cancelled. */
  sent(way: 'atomic' | 'careful'): void;
  /** Who was last seen to hold a lock that the script waits for. */
  readonly blocker: string | undefined;
  stop(): Promise<void>;
}

/**
 * Looks for who holds the locks that the script waits for, tells that it still runs, and on a signal cancels a script
 * that is atomic. One that is not is left to end: it cannot be rolled back.
 */
export function watchScript(
  database: Database,
  name: string,
  lockTimeoutMs: number | undefined,
  { shutdown }: Context,
  log: StepLog,
): ScriptWatch {
  const { settings } = database.session;
  /** Behind a pooler the backend of now is not the one of then: another client's must not be cancelled. */
  const pid = database.isPooled ? undefined : database.state.server.pid;
  const stopped = new AbortController();
  const started = performance.now();
  let way: 'atomic' | 'careful' = 'careful';
  let blocker: string | undefined;
  let side: Promise<void> | undefined;
  let nextProgressMs = PROGRESS_EVERY_MS;

  const onSide = (work: string, then: (rows: { who: string | null }[]) => void) => {
    side = (side ?? Promise.resolve())
      .then(() =>
        withConnection(settings, { timeoutMs: SIDE_TIMEOUT_MS, signal: stopped.signal }, async (session) =>
          then(await session.query<{ who: string | null }>(work)),
        ),
      )
      .catch(() => undefined);
  };
  const look = () => {
    if (pid !== undefined) {
      onSide(blockerQuery(pid), ([row]) => {
        blocker = row?.who ?? blocker;
      });
    }
    const runsMs = performance.now() - started;
    if (runsMs < nextProgressMs) return;
    nextProgressMs += PROGRESS_EVERY_MS;
    log.info('running', `${name} has been running for ${formatDuration(runsMs)}`, { migration: name });
  };
  const cancel = () => {
    if (way === 'atomic' && pid !== undefined)
      onSide(`select pg_cancel_backend(${pid})::text as who`, () => undefined);
    else log.warn('finishing', `${name} cannot be cancelled: it is left to end`, { migration: name });
  };
  const timer = setInterval(
    look,
    lockTimeoutMs === undefined ? LOOK_EVERY_MS : Math.max(100, lockTimeoutMs / 2),
  );
  shutdown.signal.addEventListener('abort', cancel, { once: true });

  return {
    sent(next) {
      way = next;
    },
    get blocker() {
      return blocker;
    },
    async stop() {
      clearInterval(timer);
      shutdown.signal.removeEventListener('abort', cancel);
      if (side === undefined) return;
      if (!shutdown.signal.aborted) stopped.abort();
      await side;
    },
  };
}

function blockerQuery(pid: number): string {
  return `select string_agg('pid ' || pid || coalesce(' (' || nullif(application_name, '') || ')', '') || ', ' || state
      || ', query since ' || to_char(query_start, 'HH24:MI:SS TZ'), '; ') as who
    from pg_stat_activity where pid = any(pg_blocking_pids(${pid}))`;
}
