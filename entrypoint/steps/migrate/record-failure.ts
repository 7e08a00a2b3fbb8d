import type { BootError } from '../../core/errors.ts';
import { faultPoint } from '../../core/fault-point.ts';
import { refusedByGuard } from '../../database/history-guard.ts';
import type { ApplyError } from '../../migrations/apply/apply-error.ts';
import { insertFailed, type MigrationRecord, recordAlone } from '../../migrations/migration-record.ts';
import { describeProgress } from '../../migrations/progress.ts';
import type { Script } from '../../migrations/script/script.ts';
import { isConnectionLoss } from '../../postgres/connection-lost.ts';
import { isAppliedElsewhere } from './applied-elsewhere.ts';
import type { ApplyDeps } from './apply-deps.ts';
import { describeServerError } from './failure.ts';

/** Notes in the history that a migration failed, where that is needed. Answers with the reason why nothing may be written there. */
export async function recordFailure(
  error: ApplyError,
  record: MigrationRecord,
  script: Script,
  deps: ApplyDeps,
): Promise<BootError | undefined> {
  const { database, table } = deps;
  const { schema } = database.state;
  const refused = refusedByGuard(error.cause.database, schema);
  if (refused !== undefined || !leavesRecord(error, deps)) return refused;
  faultPoint('failure:record');
  try {
    await recordAlone(database.session, insertFailed(table, record, describe(error, script)));
  } catch (failure) {
    throw refusedByGuard(failure, schema) ?? failure;
  }
  faultPoint('failure:recorded');
  return undefined;
}

/** A script of which nothing remains leaves a record only where Prisma's way is asked for. */
function leavesRecord(error: ApplyError, { config, ends }: ApplyDeps): boolean {
  if (isConnectionLoss(error.cause.cause)) return false;
  if (error.remains.kind === 'unknown') return true;
  const isFailure = !ends.aborted && !isAppliedElsewhere(error);
  return isFailure && (error.remains.kind === 'transactions' || !config.retryFailed);
}

function describe({ cause, remains }: ApplyError, script: Script): string {
  const words = cause.database === undefined ? cause.message : describeServerError(cause.database);
  const { autocommit } = script.plan;
  return remains.kind === 'transactions' && autocommit.kind === 'transactions'
    ? `${describeProgress(script, autocommit.transactions, remains.committed)}\n${words}`
    : words;
}
