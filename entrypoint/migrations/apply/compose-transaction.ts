import { lockHistory, underSafePath } from '../../database/history-guard.ts';
import { SAFE_PATH } from '../../postgres/session.ts';
import { completeRecord, insertApplied, type MigrationRecord } from '../migration-record.ts';
import type { OwnTransaction } from '../script/own-transactions.ts';
import type { Script } from '../script/script.ts';
import { leavesSessionAlone } from '../script/session-reset.ts';
import type { ApplyOptions } from './apply-options.ts';
import { ComposedQuery } from './composed-query.ts';
import { retakeLocks, takeScriptLock } from './script-lock.ts';
import { scriptPath, scriptSettings } from './script-settings.ts';

/** The message of a script and its complete record as one transaction. */
export function composeTransaction(
  record: MigrationRecord,
  script: Script,
  options: ApplyOptions,
): ComposedQuery {
  const { text, statements, plan } = script;
  const { table, guard, exposed } = options;
  const query = new ComposedQuery().comment(`migration ${record.name}`).add(
    'BEGIN',
    `SET LOCAL search_path = ${SAFE_PATH}`,
    ...scriptSettings(options, 'LOCAL'),
    lockHistory(table, 'ROW EXCLUSIVE'),
    // Another client of the pooler may have left tables that hide those of the script. It takes a snapshot: after the lock.
    ...(options.mayAutocommit ? [] : ['DISCARD TEMP']),
    takeScriptLock(exposed),
    ...insertApplied(table, record, guard),
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
  query.add(...retakeLocks(exposed), ...underSafePath(completeRecord(table, record, guard)));
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
