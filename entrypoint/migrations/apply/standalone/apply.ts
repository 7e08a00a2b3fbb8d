import { faultPoint } from '../../../core/fault-point.ts';
import { isConnectionLoss } from '../../../postgres/connection-lost.ts';
import type { Session } from '../../../postgres/session.ts';
import { insertApplied, recordAlone } from '../../migration-record.ts';
import type { Standalone } from '../../script/read-standalone.ts';
import { ApplyError } from '../apply-error.ts';
import type { Application, ApplyOptions } from '../apply-options.ts';
import { ComposedQuery } from '../composed-query.ts';
import { ScriptError } from '../script-query.ts';
import { sessionSettings } from '../script-settings.ts';
import { sendQuery } from '../send-query.ts';
import { lookUp } from './look-up.ts';

/**
 * Runs a statement that commits by itself. It has no record until its outcome is there: a start that was killed leaves
 * the outcome to look up, and the next one goes on from what it finds.
 */
export async function applyStandalone(application: Application, statement: Standalone): Promise<void> {
  const { session, record, options } = application;
  await configure(session, statement, options);
  let state = await clearTheWay(session, statement, options, options.onFound);
  while (state !== 'done') {
    await run(application, statement);
    // IF NOT EXISTS passes over an index that another session has left invalid meanwhile.
    const after = await clearTheWay(session, statement, options, () => undefined);
    state = after === 'cleared' ? after : 'done';
  }
  faultPoint('standalone:record');
  await recordAlone(session, insertApplied(options.table, record), options.reset);
}

/**
 * Waits for a session that works on the same, and takes away what one that was interrupted has left: then the statement
 * has to run, or everything of it is there.
 */
async function clearTheWay(
  session: Session,
  statement: Standalone,
  options: ApplyOptions,
  tell: (note: string) => void,
): Promise<'done' | 'absent' | 'cleared'> {
  for (let cleared = false; ; ) {
    faultPoint('standalone:look');
    const found = await lookUp(session, statement);
    if (found.kind === 'in use') {
      await options.waitFor(found.holder);
      continue;
    }
    if (found.note !== undefined && !cleared) tell(found.note);
    if (found.kind === 'done') return 'done';
    if (found.kind === 'absent') return cleared ? 'cleared' : 'absent';
    await remedy(session, found.remedies, options);
    cleared = true;
  }
}

async function run({ session, script, options }: Application, statement: Standalone): Promise<void> {
  try {
    await sendQuery(session, new ComposedQuery().addScript(script.text, 0, [0]), 'standalone', options);
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
    if (error.database !== undefined && !isConnectionLoss(error.cause) && !options.isEnding())
      await takeAway(session, statement, options);
    throw new ApplyError(error, 'autocommit', { kind: 'nothing' });
  }
}

/** Takes away what a failed build leaves. Where a signal ended it there is no time: the next start does. */
async function takeAway(session: Session, statement: Standalone, options: ApplyOptions): Promise<void> {
  faultPoint('standalone:cleanup');
  await configure(session, statement, options);
  const found = await lookUp(session, statement);
  if (found.kind === 'leftover') await remedy(session, found.remedies, options);
  await session.query(options.reset.join('; '));
}

/** These wait for the transactions of others, as long as it takes, and can be cancelled. */
async function remedy(session: Session, remedies: readonly string[], options: ApplyOptions): Promise<void> {
  for (const sql of remedies) await sendQuery(session, new ComposedQuery().add(sql), 'standalone', options);
}

/** What waits for its locks with CONCURRENTLY does not stand in the way of others, so that it may wait long. */
async function configure(session: Session, { kind }: Standalone, options: ApplyOptions): Promise<void> {
  const isPatient = kind !== 'repeatable' && kind !== 'create' && kind !== 'drop';
  const limits = isPatient ? { ...options, lockTimeoutMs: undefined } : options;
  await session.send(sessionSettings(limits));
}
