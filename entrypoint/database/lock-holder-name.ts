import { plainLine } from '../lib/plain-text.ts';
import type { Session } from '../postgres/session.ts';

/** Which session holds an advisory lock: its process, role and application, and, where we may see them, its address and age; or which prepared transaction. */
export async function describeLockHolder(session: Session, key: number): Promise<string> {
  const [row] = await session.query<{ who: string | null }>(`
    select coalesce('pid ' || a.pid || coalesce(' (' || nullif(a.application_name, '') || ')', '')
      || coalesce(' of role ' || a.usename, '') || coalesce(' from ' || pg_catalog.host(a.client_addr), '')
      || coalesce(', since ' || pg_catalog.to_char(a.backend_start, 'HH24:MI:SS TZ'), ''),
      'the prepared transaction ' || pg_catalog.quote_literal(p.gid) || ' of role ' || p.owner
        || ', which ROLLBACK PREPARED ' || pg_catalog.quote_literal(p.gid) || ' ends') as who
    from pg_catalog.pg_locks l left join pg_catalog.pg_stat_activity a on a.pid = l.pid
      left join pg_catalog.pg_prepared_xacts p on l.pid is null and p.transaction = (
        select t.transactionid from pg_catalog.pg_locks t
        where t.locktype = 'transactionid' and t.pid is null and t.virtualtransaction = l.virtualtransaction limit 1)
    where l.locktype = 'advisory' and l.granted and l.objsubid = 1
      and l.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
      and (l.classid::bigint << 32) + l.objid::bigint = ${key} limit 1`);
  return row?.who ? plainLine(row.who) : 'a session that has just ended';
}
