import { describeLockHolder } from '../../database/lock-holder-name.ts';
import type { Session } from '../../postgres/session.ts';
import { type ApplyOptions, SCRIPT_LOCK } from './apply-options.ts';
import type { ScriptError } from './script-query.ts';

const HELD = 'the lock of the script is held';

/**
 * Takes the lock for a transaction, or fails: a statement that waits for it would have no bound but the lock timeout.
 * Should the boot lock be lost while the server still runs a script, whoever has that next does not run it a second time.
 * @param exposed what the session holds as well: taken for the transaction, no script can release it
 */
export function takeScriptLock(exposed: readonly number[]): string {
  const taken = [SCRIPT_LOCK, ...exposed].map(
    (key) => `pg_catalog.pg_try_advisory_xact_lock(${key}::pg_catalog.int8)`,
  );
  return `SELECT (CASE WHEN ${taken.join(' AND ')} THEN '1' ELSE '${HELD}' END)::pg_catalog.int4`;
}

/**
 * Takes for the session what a script may have released, by a trigger too, where nobody else has it: in its transaction,
 * nobody has.
 */
export function retakeLocks(keys: readonly number[]): string[] {
  const taken = keys.map((key) => `pg_catalog.pg_try_advisory_lock(${key}::pg_catalog.int8)`);
  return taken.length === 0 ? [] : [`SELECT ${taken.join(', ')}`];
}

/** Whether it was that statement that failed. */
export function isScriptLockHeld({ database, place }: ScriptError): boolean {
  return place.statement === undefined && database?.message.includes(HELD) === true;
}

/** Holds the lock of a script that commits on its way, from before it runs until its session goes or `work` is done. */
export async function withScriptLock(
  session: Session,
  options: ApplyOptions,
  work: () => Promise<void>,
): Promise<void> {
  while (!(await tryLock(session))) await waitForScriptLock(session, options);
  await work();
  await session.query(`SELECT pg_catalog.pg_advisory_unlock(${SCRIPT_LOCK}::pg_catalog.int8)`);
}

/** Waits a moment for whoever holds it; rejects where it is another lock that somebody holds, which a script released. */
export async function waitForScriptLock(
  session: Session,
  { keepLocks, waitFor }: ApplyOptions,
): Promise<void> {
  await keepLocks();
  await waitFor(await describeLockHolder(session, SCRIPT_LOCK));
}

async function tryLock(session: Session): Promise<boolean> {
  const sql = `SELECT pg_catalog.pg_try_advisory_lock(${SCRIPT_LOCK}::pg_catalog.int8) AS locked`;
  const [row] = await session.query<{ locked: boolean }>(sql);
  return row?.locked === true;
}
