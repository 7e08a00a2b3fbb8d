import { lockHistory, underSafePath } from '../../database/history-guard.ts';
import { completeRecord, insertApplied, insertStarted, updateProgress } from '../migration-record.ts';
import { describeProgress } from '../progress.ts';
import type { OwnTransaction } from '../script/own-transactions.ts';
import { ApplyError, type Remains } from './apply-error.ts';
import { type Application, SCRIPT_LOCK } from './apply-options.ts';
import { ComposedQuery } from './composed-query.ts';
import {
  isScriptLockHeld,
  retakeLocks,
  takeScriptLock,
  waitForScriptLock,
  withScriptLock,
} from './script-lock.ts';
import { ScriptError } from './script-query.ts';
import { type ActingRole, asConnected, asConnectedFirst, readActingRole } from './script-role.ts';
import { sessionSettings } from './script-settings.ts';
import { sendQuery } from './send-query.ts';

/** What may stand before the first query of a transaction, and SET TRANSACTION has to. */
const PRECEDES_QUERIES = /^(?:SET|LOCK|SAVEPOINT)\b/;

/**
 * Runs the transactions that a script is written as, one by one. What is committed is noted in each of them, so that the
 * next start goes on after it.
 */
export async function applyTransactions(
  application: Application,
  transactions: readonly OwnTransaction[],
): Promise<void> {
  const { session, options } = application;
  await withScriptLock(session, options, async () => {
    await session.send(sessionSettings(options));
    for (let committed = options.committed; committed < transactions.length; ) {
      const isOurs = transactions.slice(0, committed).every((transaction) => transaction.isResumableAfter);
      const acting = isOurs ? undefined : await readActingRole(session);
      const query = compose(application, transactions, committed, acting);
      try {
        await sendQuery(session, query, 'transactions', options);
      } catch (error) {
        if (!(error instanceof ScriptError)) throw error;
        if (isScriptLockHeld(error)) {
          await waitForScriptLock(session, options);
          // The failure has reset the session.
          await session.send(sessionSettings(options));
          continue;
        }
        throw new ApplyError(error, 'autocommit', remainsAfter(transactions, committed));
      }
      committed += 1;
      options.onCommitted(committed, transactions.length);
    }
    await session.query(options.reset.join('; '));
  });
}

/** What the reset of the session takes from the rest, only a person can give back. */
function remainsAfter(transactions: readonly OwnTransaction[], committed: number): Remains {
  if (committed === 0) return { kind: 'nothing' };
  const of = transactions.length;
  return transactions.slice(0, committed).every((transaction) => transaction.isResumableAfter)
    ? { kind: 'transactions', committed, of }
    : {
        kind: 'unknown',
        reason: `${committed} of its ${of} transactions ${committed === 1 ? 'is' : 'are'} committed and changed the session`,
      };
}

/** One of them with its part of the record, the last thing in it: SET TRANSACTION wants to come before any query. */
function compose(
  { session, record, script, options }: Application,
  transactions: readonly OwnTransaction[],
  index: number,
  acting: ActingRole | undefined,
): ComposedQuery {
  const { table, exposed } = options;
  const login = session.settings.user;
  const query = new ComposedQuery().comment(`migration ${record.name}`);
  const { statements: own = [], begin } = transactions[index] ?? {};
  if (begin === undefined) query.add('BEGIN');
  else query.addStatement(script, begin);
  query.add(...asConnectedFirst([lockHistory(table, 'ROW EXCLUSIVE')], acting, login));
  const firstQuery = own.find((at) => !PRECEDES_QUERIES.test(script.statements[at]?.skeleton ?? ''));
  for (const at of own) {
    if (at === firstQuery) query.add(takeScriptLock(exposed));
    query.addStatement(script, at);
  }
  const isFirst = index === 0 && record.isOpen !== true;
  const isLast = index === transactions.length - 1;
  const progress = isLast ? '' : describeProgress(script, transactions, index + 1);
  const applied = isFirst ? insertApplied(table, record) : completeRecord(table, record);
  const begun = isFirst ? insertStarted(table, record, progress) : updateProgress(table, record, progress);
  const written = [...retakeLocks([SCRIPT_LOCK, ...exposed]), ...(isLast ? applied : begun)];
  return query.add(...asConnected(underSafePath(written), login), 'COMMIT');
}
