import type { Database } from '../../database/database.ts';
import { guardHistory, preparedGuard, prepareGuard } from '../../database/history-guard.ts';
import { ApplyError, AutocommitRefused } from '../../migrations/apply/apply-error.ts';
import type { ApplyOptions } from '../../migrations/apply/apply-options.ts';
import { applyScript } from '../../migrations/apply/apply-script.ts';
import { retakeLocks } from '../../migrations/apply/script-lock.ts';
import type { MigrationRecord } from '../../migrations/migration-record.ts';
import type { Script } from '../../migrations/script/script.ts';
import { RESET_POOLED, RESET_SESSION } from '../../migrations/script/session-reset.ts';
import { connectionLost } from '../../postgres/connection-lost.ts';
import type { BootLock } from '../boot-lock.ts';
import { appliedElsewhere, isAppliedElsewhere } from './applied-elsewhere.ts';
import type { ApplyDeps } from './apply-deps.ts';
import { explainScriptError, isOwnTimeout } from './failure.ts';
import { refuseHalfWay } from './foresee-failure.ts';
import { waitWhileInUse } from './in-use.ts';
import { warnOfPrepared } from './leftovers.ts';
import { withLockRetries } from './lock-retries.ts';
import { poolerUnsuitable } from './pooler.ts';
import { recordFailure } from './record-failure.ts';
import { type ScriptWatch, watchScript } from './watch-script.ts';

/**
 * Applies one migration and records it.
 * @param committed how many of its own transactions an earlier start committed
 * @throws a BootError that explains a failure, or the ShutdownError of a signal
 */
export async function applyMigration(
  record: MigrationRecord,
  script: Script,
  committed: number,
  deps: ApplyDeps,
): Promise<void> {
  const { database, lock, ends, log } = deps;
  ends.throwIfAborted();
  lock.lost.throwIfAborted();
  const { name } = record;
  refuseHalfWay(name, script, deps.target);
  const started = performance.now();
  const watch = watchScript(name, deps);
  const options = applyOptions(record, committed, watch, deps);
  try {
    const mode = await withLockRetries(name, watch, deps, (done) =>
      applyScript({
        session: database.session,
        record,
        script,
        options: { ...options, committed: done ?? committed },
      }),
    );
    const durationMs = Math.round(performance.now() - started);
    const message = mode === 'autocommit' ? `${name} (in autocommit mode)` : name;
    log.info('applied', message, { migration: name, durationMs, mode });
    if (mode === 'autocommit') await lock.keep();
    if (script.plan.preparesTransaction) await warnOfPrepared(database.session, name, log);
  } catch (error) {
    throw await explainFailure(error, record, script, deps);
  } finally {
    await watch.stop();
  }
}

function applyOptions(
  { name }: MigrationRecord,
  committed: number,
  watch: ScriptWatch,
  { database, lock, target, config, ends, log, table, noticesLostClient }: ApplyDeps,
): ApplyOptions {
  const fields = { migration: name };
  return {
    ...config,
    table,
    committed,
    schema: database.session.settings.schema,
    ...sessionStatements(database, lock, table),
    keepLocks: lock.keep,
    noticesLostClient,
    versionNum: database.server.versionNum,
    mayAutocommit: !database.isPooled,
    isFollowed: name !== target.pending.at(-1)?.name,
    isEnding: () => ends.aborted,
    onSend: watch.sent,
    onAnswer: watch.answered,
    onRefused: (_instead, message) =>
      log.info(
        'autocommit',
        `${name}: PostgreSQL refused it in one transaction (${message}): rolled back, running in autocommit mode`,
        fields,
      ),
    onFound: (message) => log.info('found', `${name}: ${message}`, fields),
    onCommitted: (done, of) =>
      log.debug('committed', `${name}: committed transaction ${done} of ${of}`, {
        ...fields,
        committed: done,
        of,
      }),
    waitFor: waitWhileInUse(name, target.database.lockTimeoutMs, ends, log),
  };
}

/** In a session of ours the guard of the history is prepared, and the locks may be held. */
function sessionStatements(
  { isPooled }: Database,
  { exposed }: BootLock,
  table: string,
): Pick<ApplyOptions, 'guard' | 'exposed' | 'reset'> {
  if (isPooled) return { guard: guardHistory(table, 'ROW EXCLUSIVE'), exposed, reset: RESET_POOLED };
  const reset = [...RESET_SESSION, prepareGuard(table), ...retakeLocks(exposed)];
  return { guard: preparedGuard(table), exposed, reset };
}

async function explainFailure(
  error: unknown,
  record: MigrationRecord,
  script: Script,
  deps: ApplyDeps,
): Promise<unknown> {
  const { database, lock, ends } = deps;
  if (error instanceof ApplyError) {
    const refused = await recordFailure(error, record, script, deps);
    if (refused !== undefined) return refused;
  }
  if (ends.aborted) return ends.reason;
  if (error instanceof ApplyError && isOwnTimeout(error))
    return explainScriptError(error, record.name, script, deps);
  if (lock.lost.aborted) return connectionLost(database.session.settings, lock.lost.reason);
  if (error instanceof AutocommitRefused)
    return poolerUnsuitable(database, [`${record.name} (${error.message})`]);
  if (!(error instanceof ApplyError)) return error;
  if (isAppliedElsewhere(error)) return appliedElsewhere(record.name, error);
  return explainScriptError(error, record.name, script, deps);
}
