import pg from 'pg';
import { BootError } from '../../core/errors.ts';
import { readOnly } from '../../database/read-only.ts';
import { count } from '../../lib/count.ts';
import { ApplyError } from '../../migrations/apply/apply-error.ts';
import { ScriptError } from '../../migrations/apply/script-query.ts';
import { connectionLost, isConnectionLoss } from '../../postgres/connection-lost.ts';
import { explainPassing } from '../../postgres/statement-error.ts';
import type { MigrateDeps } from './apply-deps.ts';
import { isRetryable, withLockRetries } from './lock-retries.ts';
import { previewPush } from './plan-push.ts';
import { pushBatch } from './push-batch.ts';
import type { MigrateTarget } from './settings.ts';
import { type ScriptWatch, watchScript } from './watch-script.ts';
import { withinTimeout } from './within-timeout.ts';

const NAME = 'the push';

type Deps = MigrateDeps<MigrateTarget>;

/** Brings the database to the schema, as `prisma db push` does; acquires no lock where there is nothing to change. */
export async function push(deps: Deps): Promise<void> {
  const { database, lock, target, log } = deps;
  if (database.state.history !== null)
    log.warn(
      'ahead',
      'the database has a migration history, which a push does not change: `prisma migrate` made it',
    );
  const seen = await withinTimeout(deps, look);
  if (seen?.length === 0) return log.skipped('nothing to push: the database has the schema');
  if (seen !== undefined && database.state.server.readOnly)
    throw readOnly(
      target.database.connection,
      `${count(seen.length, 'change')} of the schema ${seen.length === 1 ? 'is' : 'are'} to be pushed`,
    );
  await lock.acquire();
  await lock.acquirePrismaLock();
  await database.refresh();
  const statements = await withinTimeout(deps, pushAll);
  if (statements.length === 0) return log.skipped('nothing to push: another replica has just pushed it');
  await database.refresh();
  log.done(`pushed the schema: ${count(statements.length, 'statement')}`, { statements });
}

/** What is to be pushed; undefined where a lock hides it, which most often is that of another replica that pushes. */
function look(deps: Deps): Promise<readonly string[] | undefined> {
  const { database, target, config } = deps;
  return watched(deps, (watch) =>
    transaction(watch, deps, () => previewPush(database, target, config, patiently(deps))).catch(
      (error: unknown) => {
        if (isRetryable(error) && !database.state.server.readOnly) return undefined;
        throw error;
      },
    ),
  );
}

/** Batch after batch: what uses a new value of an enum is planned again once that is committed. */
function pushAll(deps: Deps): Promise<readonly string[]> {
  return watched(deps, async (watch) => {
    const pushed: string[] = [];
    for (let isLast = false; !isLast; ) {
      const batch = await withLockRetries(NAME, watch, deps, () =>
        transaction(watch, deps, () => pushBatch(deps, pushed, patiently(deps))),
      );
      pushed.push(...batch.statements);
      isLast = batch.isLast;
    }
    return pushed;
  });
}

async function watched<Result>(deps: Deps, work: (watch: ScriptWatch) => Promise<Result>): Promise<Result> {
  const watch = watchScript(NAME, deps);
  try {
    return await work(watch);
  } catch (error) {
    throw explain(error, deps);
  } finally {
    await watch.stop();
  }
}

/** Runs a transaction that a signal cancels. */
async function transaction<Result>(
  watch: ScriptWatch,
  { ends, lock }: Deps,
  run: () => Promise<Result>,
): Promise<Result> {
  ends.throwIfAborted();
  lock.lost.throwIfAborted();
  watch.sent({ isCancellable: true });
  try {
    return await run();
  } catch (error) {
    throw toApplyError(error);
  } finally {
    watch.answered();
  }
}

/** A query that is watched may take its time, unless the push has to stop. */
function patiently({ database: { session }, ends }: Deps) {
  return <Row extends pg.QueryResultRow>(sql: string) => {
    ends.throwIfAborted();
    return session.sendPatiently<Row>(sql);
  };
}

/** Every failure of the server leaves nothing of a transaction. */
function toApplyError(error: unknown): unknown {
  const failure = error instanceof pg.DatabaseError ? new ScriptError(error, {}) : error;
  return failure instanceof ScriptError && failure.database !== undefined && !isConnectionLoss(failure.cause)
    ? new ApplyError(failure, 'transaction', { kind: 'nothing' })
    : error;
}

function explain(error: unknown, { database, ends, lock }: Deps): unknown {
  const { session } = database;
  if (ends.aborted) return ends.reason;
  if (lock.lost.aborted) return connectionLost(session.settings, lock.lost.reason);
  if (!(error instanceof ApplyError))
    return session.lost.aborted ? connectionLost(session.settings, session.lost.reason ?? error) : error;
  const { database: cause } = error.cause;
  return (
    explainPassing(cause) ??
    new BootError(
      'MIGRATION_FAILED',
      {
        message: `The push failed: ERROR ${cause?.code}: ${cause?.message}`,
        hint: 'Its transaction was rolled back. Fix the schema, or the data, and restart.',
        details: [cause?.detail, cause?.hint].filter((text) => text !== undefined),
      },
      error.cause,
    )
  );
}
