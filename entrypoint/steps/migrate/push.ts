import { BootError } from '../../core/errors.ts';
import { readOnly } from '../../database/read-only.ts';
import { count } from '../../lib/count.ts';
import { ApplyError } from '../../migrations/apply/apply-error.ts';
import { ComposedQuery } from '../../migrations/apply/composed-query.ts';
import { runQuery, ScriptError } from '../../migrations/apply/script-query.ts';
import { scriptPath, scriptSettings } from '../../migrations/apply/script-settings.ts';
import { connectionLost, isConnectionLoss } from '../../postgres/connection-lost.ts';
import { explainPassing } from '../../postgres/statement-error.ts';
import type { MigrateDeps } from './apply-deps.ts';
import { withLockRetries } from './lock-retries.ts';
import { planPush } from './plan-push.ts';
import type { MigrateTarget } from './settings.ts';
import { type ScriptWatch, watchScript } from './watch-script.ts';
import { withinTimeout } from './within-timeout.ts';

const NAME = 'the push';
/** A new value of an enum can be used once it is committed. */
const ENDS_BATCH = /^\s*ALTER TYPE\b[\s\S]*\bADD VALUE\b/;

/** Brings the database to the schema, as `prisma db push` does; acquires no lock where there is nothing to change. */
export async function push(deps: MigrateDeps<MigrateTarget>): Promise<void> {
  const { database, lock, target, log } = deps;
  const plan = () => planPush(database, target.prisma, target.appDir);
  if (database.state.history !== null)
    log.warn(
      'ahead',
      'the database has a migration history, which a push does not change: `prisma migrate` made it',
    );
  const seen = await plan();
  if (seen.length === 0) return log.skipped('nothing to push: the database has the schema');
  if (database.state.server.readOnly)
    throw readOnly(
      target.database.connection,
      `${count(seen.length, 'change')} of the schema ${seen.length === 1 ? 'is' : 'are'} to be pushed`,
    );
  await lock.acquire();
  await lock.acquirePrismaLock();
  await database.refresh();
  const statements = await plan();
  if (statements.length === 0) return log.skipped('nothing to push: another replica has just pushed it');
  await withinTimeout(deps, (bounded) => applyAll(statements, bounded));
  await database.refresh();
  log.done(`pushed the schema: ${count(statements.length, 'statement')}`, { statements });
}

async function applyAll(statements: readonly string[], deps: MigrateDeps<MigrateTarget>): Promise<void> {
  const watch = watchScript(NAME, deps);
  try {
    for (const batch of toBatches(statements))
      await withLockRetries(NAME, watch, deps, () => applyBatch(batch, watch, deps));
  } catch (error) {
    throw explain(error, deps);
  } finally {
    await watch.stop();
  }
}

function toBatches(statements: readonly string[]): string[][] {
  const batches: string[][] = [[]];
  for (const statement of statements) {
    batches.at(-1)?.push(statement);
    if (ENDS_BATCH.test(statement)) batches.push([]);
  }
  return batches.filter((batch) => batch.length > 0);
}

/** One transaction, which a signal cancels. */
async function applyBatch(
  batch: readonly string[],
  watch: ScriptWatch,
  { database: { session }, lock, config, ends }: MigrateDeps<MigrateTarget>,
): Promise<void> {
  ends.throwIfAborted();
  lock.lost.throwIfAborted();
  const limits = { ...config, schema: session.settings.schema, noticesLostClient: false };
  const query = new ComposedQuery().add(
    ...scriptSettings(limits, 'LOCAL'),
    scriptPath(limits, 'LOCAL'),
    ...batch,
  );
  watch.sent(true);
  try {
    await runQuery(session, query);
  } catch (error) {
    if (error instanceof ScriptError && error.database !== undefined && !isConnectionLoss(error.cause))
      throw new ApplyError(error, 'transaction', { kind: 'nothing' });
    throw error;
  } finally {
    watch.answered();
  }
}

function explain(error: unknown, { database, ends, lock }: MigrateDeps<MigrateTarget>): unknown {
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
