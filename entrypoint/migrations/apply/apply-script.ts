import pg from 'pg';
import { lockHistory, underSafePath } from '../../database/history-guard.ts';
import { SAFE_PATH, type Session } from '../../postgres/session.ts';
import { completeRecord, insertApplied, type MigrationRecord } from '../migration-record.ts';
import type { OwnTransaction } from '../script/own-transactions.ts';
import type { Script } from '../script/script.ts';
import type { Autocommit, Mode } from '../script/script-plan.ts';
import { leavesSessionAlone } from '../script/session-reset.ts';
import { ApplyError, AutocommitRefused, type Remains } from './apply-error.ts';
import type { ApplyOptions } from './apply-options.ts';
import { applyTransactions } from './apply-transactions.ts';
import { applyWhole } from './apply-whole.ts';
import { ComposedQuery } from './composed-query.ts';
import { isRefusal } from './refusal.ts';
import { isScriptLockHeld, TAKE_SCRIPT_LOCK, waitForScriptLock } from './script-lock.ts';
import { ScriptError } from './script-query.ts';
import { scriptPath, scriptSettings } from './script-settings.ts';
import { sendQuery } from './send-query.ts';
import { applyStandalone } from './standalone/apply.ts';

const NOTHING: Remains = { kind: 'nothing' };

/**
 * Applies the script of a migration and records it. Where PostgreSQL can, the script and its complete record are one
 * transaction, so that there is no instant at which a crash leaves one without the other. Where it refuses that, all was
 * rolled back, and the script runs in autocommit mode, in the way that a later start can go on from.
 * @throws ApplyError with what remains of it, AutocommitRefused
 */
export async function applyScript(
  session: Session,
  record: MigrationRecord,
  script: Script,
  options: ApplyOptions,
): Promise<Mode> {
  const { mode, autocommit } = script.plan;
  if (mode === 'transaction' && options.committed === 0) {
    const refusal = await applyInTransaction(session, record, script, options);
    if (refusal === undefined) return 'transaction';
    options.onRefused(autocommit, refusal);
  }
  if (!options.mayAutocommit && autocommit.kind !== 'none') throw new AutocommitRefused(autocommit.reason);
  try {
    await applyInAutocommit(session, record, script, autocommit, options);
  } catch (error) {
    throw explain(error, autocommit);
  }
  return 'autocommit';
}

/** Answers with the server's words where it refused the transaction, and another way is open. */
async function applyInTransaction(
  session: Session,
  record: MigrationRecord,
  script: Script,
  options: ApplyOptions,
): Promise<string | undefined> {
  for (;;) {
    try {
      await sendQuery(session, composeTransaction(record, script, options), 'script', true, options);
      return undefined;
    } catch (error) {
      if (!(error instanceof ScriptError)) throw error;
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

function composeTransaction(record: MigrationRecord, script: Script, options: ApplyOptions): ComposedQuery {
  const { text, statements, plan } = script;
  const query = new ComposedQuery().add(
    'BEGIN',
    `SET LOCAL search_path = ${SAFE_PATH}`,
    ...scriptSettings(options, 'LOCAL'),
    lockHistory(options.table, 'ROW EXCLUSIVE'),
    TAKE_SCRIPT_LOCK,
    ...insertApplied(options.table, record),
    scriptPath(options, 'LOCAL'),
  );
  if (plan.autocommit.kind === 'transactions') addMerged(query, script, plan.autocommit.transactions);
  else query.addScript(text, 0, statements.keys());
  // A quote that is never closed would swallow what follows up to its first quote: the server would blame that.
  if (statements.at(-1)?.open === true) return query;
  query.endScript();
  const needsReset = !leavesSessionAlone(statements);
  // What is deferred to the commit is the script's.
  if (needsReset)
    query.add(...options.reset, ...(options.mayAutocommit ? [scriptPath(options, 'LOCAL')] : []));
  if (options.isFollowed) query.add('SET LOCAL synchronous_commit = off');
  query.add(...underSafePath(completeRecord(options.table, record)));
  // A local setting after a reset outlives the transaction as one of the session, and a pooler's is not ours.
  if (needsReset && !options.mayAutocommit) query.add('RESET ALL');
  return query.add('COMMIT');
}

/** The script's own transactions as one: what a COMMIT between them would check is checked there. */
function addMerged(query: ComposedQuery, script: Script, transactions: readonly OwnTransaction[]): void {
  for (const [index, { statements: own, commit }] of transactions.entries()) {
    for (const at of own) query.addStatement(script, at);
    if (commit !== undefined && index < transactions.length - 1)
      query.add('SET CONSTRAINTS ALL IMMEDIATE', 'SET CONSTRAINTS ALL DEFERRED');
  }
}

function applyInAutocommit(
  session: Session,
  record: MigrationRecord,
  script: Script,
  autocommit: Autocommit,
  options: ApplyOptions,
): Promise<void> {
  switch (autocommit.kind) {
    case 'standalone':
      return applyStandalone(session, record, script, autocommit.statement, options);
    case 'transactions':
      return applyTransactions(session, record, script, autocommit.transactions, options);
    case 'whole':
      return applyWhole(session, record, script, autocommit.reason, options);
    case 'none':
      throw new Error('a script that has no way in autocommit mode');
  }
}
