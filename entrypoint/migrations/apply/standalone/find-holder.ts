import { plainLine } from '../../../lib/plain-text.ts';
import type { Session } from '../../../postgres/session.ts';

/**
 * Who works on one of these tables with the lock that concurrent builds hold until they end, with or without their
 * client. VACUUM and autovacuum, which is of no role, hold the same lock; who waits for it in the server makes the latter give way.
 */
export async function findHolder(session: Session, tables: readonly string[]): Promise<string | undefined> {
  const [row] = await session.query<{ holder: string }>(`
    SELECT 'pid ' || l.pid || coalesce(' (' || nullif(a.application_name, '') || ')', '')
      || coalesce(', query since ' || pg_catalog.to_char(a.query_start, 'HH24:MI:SS TZ'), '') AS holder
    FROM pg_catalog.pg_locks AS l LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
    WHERE l.locktype = 'relation' AND l.mode = 'ShareUpdateExclusiveLock' AND l.granted
      AND l.relation IN (${tables.map((oid) => `${Number(oid)}::pg_catalog.oid`).join(', ')})
      AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
      AND l.pid <> pg_catalog.pg_backend_pid()
      AND (a.pid IS NULL OR a.usesysid IS NOT NULL)
      AND l.pid NOT IN (SELECT v.pid FROM pg_catalog.pg_stat_progress_vacuum AS v)
    LIMIT 1`);
  return row && plainLine(row.holder);
}
