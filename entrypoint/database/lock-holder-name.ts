import type { Session } from '../postgres/session.ts';

/** Which session holds an advisory lock: its process, role and application, and, where we may see them, its address and age. */
export async function describeLockHolder(session: Session, key: number): Promise<string> {
  const [row] = await session.query<{ who: string | null }>(`
    select 'pid ' || a.pid || coalesce(' (' || nullif(a.application_name, '') || ')', '')
      || coalesce(' of role ' || a.usename, '') || coalesce(' from ' || pg_catalog.host(a.client_addr), '')
      || coalesce(', since ' || pg_catalog.to_char(a.backend_start, 'HH24:MI:SS TZ'), '') as who
    from pg_catalog.pg_locks l join pg_catalog.pg_stat_activity a on a.pid = l.pid
    where l.locktype = 'advisory' and l.granted and l.objsubid = 1
      and l.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
      and (l.classid::bigint << 32) + l.objid::bigint = ${key} limit 1`);
  return row?.who ?? 'a session that has just ended';
}
