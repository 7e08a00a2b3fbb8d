import type { Session } from '../lib/database/session.ts';
import { type ApplyOptions, SCRIPT_LOCK } from './apply-options.ts';

/**
 * Holds the lock of a script that commits on its way, from before it runs until its session goes or `work` is done:
 * whoever has the boot lock next does not run it a second time beside a backend that still does.
 */
export async function withScriptLock(
  session: Session,
  { waitFor }: ApplyOptions,
  work: () => Promise<void>,
): Promise<void> {
  while (!(await tryLock(session))) await waitFor('a session that still runs a migration');
  await work();
  await session.query(`SELECT pg_catalog.pg_advisory_unlock(${SCRIPT_LOCK})`);
}

async function tryLock(session: Session): Promise<boolean> {
  const sql = `SELECT pg_catalog.pg_try_advisory_lock(${SCRIPT_LOCK}) AS locked`;
  const [row] = await session.query<{ locked: boolean }>(sql);
  return row?.locked === true;
}
