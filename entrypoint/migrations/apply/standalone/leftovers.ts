import { plainLine } from '../../../lib/plain-text.ts';
import type { Session } from '../../../postgres/session.ts';
import type { Found } from './found.ts';

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

/**
 * The copies that a REINDEX CONCURRENTLY makes, and leaves invalid where it is cut off. Only invalid ones count. Those of
 * TOAST tables lie in a schema that few roles may use.
 */
export async function findReindexLeftovers(session: Session): Promise<Found> {
  const all = await session.query<{ name: string; relation: string; droppable: boolean }>(`
    SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name, i.indrelid AS relation,
      pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS droppable
    FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
      JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE NOT i.indisvalid AND c.relkind = 'i' AND c.relname ~ '_cc(new|old)[0-9]*$' AND pg_catalog.pg_has_role(c.relowner, 'USAGE')
    ORDER BY 1`);
  const rows = all.filter(({ droppable }) => droppable);
  if (rows.length === 0) return { kind: 'absent', ...(all.length > 0 && { note: describe(all) }) };
  const holder = await findHolder(
    session,
    rows.map(({ relation }) => relation),
  );
  if (holder !== undefined) return { kind: 'in use', holder };
  const remedies = rows.map(({ name }) => `DROP INDEX CONCURRENTLY IF EXISTS ${name}`);
  return { kind: 'leftover', remedies, note: describe(all) };
}

function describe(copies: readonly { readonly name: string; readonly droppable: boolean }[]): string {
  const parts = copies.map(({ name, droppable }) =>
    droppable ? `dropping ${name}` : `${name} stays, which only a superuser can drop`,
  );
  return `an interrupted REINDEX left invalid indexes: ${parts.join(', ')}`;
}
