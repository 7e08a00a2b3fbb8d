import { isConnectionLoss } from '../lib/database/connection-lost.ts';
import type { Session } from '../lib/database/session.ts';
import { faultPoint } from '../lib/fault-point.ts';
import { ApplyError, StepsRefused } from './apply-error.ts';
import { type Atomicity, isConcurrent } from './atomicity.ts';
import {
  insertApplied,
  insertStarted,
  type MigrationRecord,
  updateApplied,
  updateFinishedAt,
} from './migration-record.ts';
import type { Script } from './script.ts';
import { runScript, ScriptError } from './script-query.ts';
import { type ScriptLimits, scriptSettings } from './script-settings.ts';
import { leavesSessionAlone } from './session-reset.ts';
import { splitStatements } from './statements.ts';

/** "cannot run inside a transaction block" and "invalid transaction termination": the server's own verdict. */
const REFUSES_TRANSACTION: ReadonlySet<string> = new Set(['25001', '2D000']);

/** "scrip" in ASCII: the advisory lock that a script holds as long as its transaction lasts. */
export const SCRIPT_LOCK = 0x73_63_72_69_70;

export interface ApplyOptions extends ScriptLimits {
  /** `_prisma_migrations`, qualified and quoted. */
  readonly table: string;
  /** What undoes a script's effects on the session. */
  readonly reset: string;
  /** False behind a pooler, where each step may go to another backend. */
  readonly mayRunInSteps: boolean;
  /** Another one comes after it, which takes it to the disk: a commit flushes all that were before it. */
  readonly isFollowed: boolean;
  /** Told when a script is about to be sent, with what stays true until it is answered. */
  readonly onSend?: (way: 'atomic' | 'careful') => void;
}

/**
 * Runs the script of a migration whole. Where PostgreSQL can, the script and its complete record are one transaction,
 * so that there is no instant at which a crash leaves one without the other.
 */
export async function applyScript(
  session: Session,
  record: MigrationRecord,
  script: Script,
  options: ApplyOptions,
): Promise<void> {
  const { atomicity } = script;
  if (!atomicity.atomic) return applyInSteps(session, record, script, atomicity, options);
  try {
    await applyAtomically(session, record, script, options);
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
    const code = error.database?.code ?? '';
    if (!REFUSES_TRANSACTION.has(code)) throw new ApplyError(error, atomicity);
    const refused = { atomic: false, at: error.completed, reason: error.message } as const;
    if (!options.mayRunInSteps) throw new StepsRefused(error.message);
    await applyInSteps(session, record, script, refused, options);
  }
}

async function applyAtomically(
  session: Session,
  record: MigrationRecord,
  { text, statements }: Script,
  options: ApplyOptions,
) {
  // Should our lock be lost while the server still runs the script, whoever has it next waits here, and then does not
  // apply it a second time.
  const before = [
    ...scriptSettings(options, 'LOCAL'),
    `SELECT pg_advisory_xact_lock(${SCRIPT_LOCK})`,
    insertApplied(options.table, record),
  ].join('; ');
  const reset = leavesSessionAlone(statements) ? [] : [options.reset];
  const commit = options.isFollowed ? ['SET LOCAL synchronous_commit = off'] : [];
  const after = [...reset, ...commit, updateFinishedAt(options.table, record)].join('; ');
  // A quote that is never closed would swallow what follows up to its first quote: the server would blame that.
  const whole = statements.at(-1)?.open === true ? text : `${text}\n;\n${after}`;
  options.onSend?.('atomic');
  faultPoint('script:send');
  try {
    const answer = runScript(session, `${before};\n${whole}`);
    faultPoint('script:sent');
    await answer;
    faultPoint('script:done');
  } catch (error) {
    faultPoint('script:failed');
    if (!(error instanceof ScriptError)) throw error;
    await cleanUp(session, error, options.reset);
    throw shiftBack(error, `${before};\n`);
  }
}

/** Prisma's way, for scripts that cannot be one transaction: record that it began, run it, record that it ended. */
async function applyInSteps(
  session: Session,
  record: MigrationRecord,
  { text, statements }: Script,
  atomicity: Atomicity,
  options: ApplyOptions,
): Promise<void> {
  faultPoint('steps:record');
  await session.query(insertStarted(options.table, record));
  faultPoint('steps:recorded');
  const limits = isConcurrent(statements) ? { ...options, lockTimeoutMs: undefined } : options;
  const limited = scriptSettings(limits, 'SESSION').join('; ');
  if (limited !== '') await session.query(limited);
  options.onSend?.('careful');
  faultPoint('steps:send');
  try {
    const answer = runScript(session, text);
    faultPoint('steps:sent');
    await answer;
    faultPoint('steps:done');
  } catch (error) {
    faultPoint('steps:failed');
    if (!(error instanceof ScriptError)) throw error;
    await cleanUp(session, error, options.reset);
    throw new ApplyError(error, atomicity);
  }
  await session.query(`${options.reset}; ${updateApplied(options.table, record)}`);
}

/** Where a script opened a transaction of its own, its failure leaves the session inside it. */
async function cleanUp(session: Session, error: ScriptError, reset: string): Promise<void> {
  if (error.database !== undefined && !isConnectionLoss(error.cause))
    await session.query(`ROLLBACK; ${reset}`);
}

/** The error as the script alone would have met it: position and count without what was put before it. */
function shiftBack(error: ScriptError, prefix: string): ScriptError {
  const database = error.database;
  if (database?.position !== undefined)
    database.position = String(Number(database.position) - [...prefix].length);
  return new ScriptError(error.cause, Math.max(0, error.completed - splitStatements(prefix).length));
}
