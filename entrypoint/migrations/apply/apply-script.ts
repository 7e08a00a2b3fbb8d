import pg from 'pg';
import { guardHistory, isGuardGone } from '../../database/history-guard.ts';
import type { Autocommit, Mode } from '../script/script-plan.ts';
import { ApplyError, AutocommitRefused, type Remains } from './apply-error.ts';
import type { Application } from './apply-options.ts';
import { applyTransactions } from './apply-transactions.ts';
import { applyWhole } from './apply-whole.ts';
import { composeTransaction } from './compose-transaction.ts';
import { isRefusal } from './refusal.ts';
import { isScriptLockHeld, waitForScriptLock } from './script-lock.ts';
import { ScriptError } from './script-query.ts';
import { sendQuery } from './send-query.ts';
import { applyStandalone } from './standalone/apply.ts';

const NOTHING: Remains = { kind: 'nothing' };

/**
 * Applies the script of a migration and records it. Where PostgreSQL can, the script and its complete record are one
 * transaction, so that there is no instant at which a crash leaves one without the other. Where it refuses that, all was
 * rolled back, and the script runs in autocommit mode, in the way that a later start can go on from.
 * @throws ApplyError with what remains of it, AutocommitRefused
 */
export async function applyScript(application: Application): Promise<Mode> {
  const { script, options } = application;
  const { mode, autocommit } = script.plan;
  if (mode === 'transaction' && options.committed === 0) {
    const refusal = await applyInTransaction(application);
    if (refusal === undefined) return 'transaction';
    options.onRefused(autocommit, refusal);
  }
  if (!options.mayAutocommit && autocommit.kind !== 'none') throw new AutocommitRefused(autocommit.reason);
  try {
    await applyInAutocommit(application, autocommit);
  } catch (error) {
    throw explain(error, autocommit);
  }
  return 'autocommit';
}

/** Answers with the server's words where it refused the transaction, and another way is open. */
async function applyInTransaction({
  session,
  record,
  script,
  options,
}: Application): Promise<string | undefined> {
  let { guard } = options;
  for (;;) {
    try {
      const query = composeTransaction(record, script, { ...options, guard });
      await sendQuery(session, query, 'script', options);
      return undefined;
    } catch (error) {
      if (!(error instanceof ScriptError)) throw error;
      if (
        error.place.statement === undefined &&
        error.database !== undefined &&
        isGuardGone(error.database)
      ) {
        guard = guardHistory(options.table, 'ROW EXCLUSIVE');
        continue;
      }
      if (isScriptLockHeld(error)) {
        await waitForScriptLock(session, options);
        continue;
      }
      if (isRefusal(error, script.plan.autocommit)) return error.message;
      throw new ApplyError(error, 'transaction', NOTHING);
    }
  }
}

/** What failed beside the script itself: looking up, clearing the way, recording. */
function explain(error: unknown, autocommit: Autocommit): unknown {
  const cause = error instanceof pg.DatabaseError ? new ScriptError(error, {}) : error;
  if (!(cause instanceof ScriptError)) return error;
  const isUnknown = autocommit.kind === 'whole';
  return new ApplyError(
    cause,
    'autocommit',
    isUnknown ? { kind: 'unknown', reason: autocommit.reason } : NOTHING,
  );
}

function applyInAutocommit(application: Application, autocommit: Autocommit): Promise<void> {
  switch (autocommit.kind) {
    case 'standalone':
      return applyStandalone(application, autocommit.statement);
    case 'transactions':
      return applyTransactions(application, autocommit.transactions);
    case 'whole':
      return applyWhole(application, autocommit.reason);
    case 'none':
      throw new Error('a script that has no way in autocommit mode');
  }
}
