import { faultPoint } from '../../core/fault-point.ts';
import { codeOf } from '../../lib/describe-error.ts';
import { isConnectionLoss } from '../../postgres/connection-lost.ts';
import type { Session } from '../../postgres/session.ts';
import {
  completeRecord,
  deleteRecord,
  insertStarted,
  type MigrationRecord,
  recordAlone,
  updateRolledBack,
} from '../migration-record.ts';
import { mayHaveCommitted } from '../script/script-plan.ts';
import { ApplyError } from './apply-error.ts';
import type { Application } from './apply-options.ts';
import { ComposedQuery } from './composed-query.ts';
import { withScriptLock } from './script-lock.ts';
import { ScriptError } from './script-query.ts';
import { sessionSettings } from './script-settings.ts';
import { sendQuery } from './send-query.ts';

const INSUFFICIENT_PRIVILEGE = '42501';

/** Prisma's way, for scripts whose control of transactions only they know: record that it began, run it, record its end. */
export async function applyWhole(
  { session, record, script, options }: Application,
  reason: string,
): Promise<void> {
  const { text, statements } = script;
  const { table, reset } = options;
  await withScriptLock(session, options, async () => {
    faultPoint('whole:record');
    await recordAlone(session, insertStarted(table, record));
    faultPoint('whole:recorded');
    await session.send(sessionSettings(options));
    const query = new ComposedQuery().addScript(text, 0, statements.keys());
    try {
      await sendQuery(session, query, 'whole', options);
    } catch (error) {
      if (!(error instanceof ScriptError)) throw error;
      const failedAt = error.place.statement ?? statements.length;
      const isLost = error.database === undefined || isConnectionLoss(error.cause);
      if (isLost || mayHaveCommitted(statements, failedAt))
        throw new ApplyError(error, 'autocommit', { kind: 'unknown', reason });
      await takeBack(session, table, record);
      throw new ApplyError(error, 'autocommit', { kind: 'nothing' });
    }
    await recordAlone(session, completeRecord(table, record), reset);
  });
}

async function takeBack(session: Session, table: string, record: MigrationRecord): Promise<void> {
  faultPoint('whole:takeback');
  try {
    await recordAlone(session, deleteRecord(table, record));
  } catch (error) {
    if (codeOf(error) !== INSUFFICIENT_PRIVILEGE) throw error;
    await recordAlone(session, updateRolledBack(table, record));
  }
}
