import type { Database } from '../../database/database.ts';
import { SCRIPT_LOCK } from '../../migrations/apply/apply-options.ts';

/** What is seen of the process that runs a script. */
export interface ActivitySample {
  /** Who holds a lock that it waits for. */
  readonly who: string | null;
  readonly at_work: boolean;
}

/** The query that looks at it from another connection. A prepared transaction that blocks has no process: its pid is 0. */
export function activityQuery(database: Database): string {
  return `with script as (select ${backendOf(database)} as pid),
      blockers as (select pg_catalog.unnest(pg_catalog.pg_blocking_pids(pid)) as pid from script),
      holders as (
        select 'pid ' || pid || coalesce(' (' || nullif(application_name, '') || ')', '')
          || coalesce(' of role ' || usename, '') || coalesce(', ' || state, '')
          || coalesce(', query since ' || pg_catalog.to_char(query_start, 'HH24:MI:SS TZ'), '') as who
        from pg_catalog.pg_stat_activity where pid in (select pid from blockers)
        union all select 'prepared transaction ' || pg_catalog.quote_literal(gid) || ' of role ' || owner
        from pg_catalog.pg_prepared_xacts where database = pg_catalog.current_database() and 0 in (select pid from blockers))
    select (select pg_catalog.string_agg(who, '; ') from holders) as who,
      exists(select from pg_catalog.pg_stat_activity where pid = (select pid from script) and state is distinct from 'idle') as at_work`;
}

/** The process that runs the script, as SQL: behind a pooler, the one that holds the lock the script has taken. */
function backendOf(database: Database): string {
  if (!database.isPooled) return String(database.state.server.pid);
  return `(select pid from pg_catalog.pg_locks where locktype = 'advisory' and granted and objsubid = 1
      and database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
      and (classid::bigint << 32) + objid::bigint = ${SCRIPT_LOCK})`;
}
