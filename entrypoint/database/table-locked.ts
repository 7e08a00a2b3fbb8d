import { BootError } from '../core/errors.ts';
import { formatDuration } from '../lib/duration.ts';
import { plainLine } from '../lib/plain-text.ts';
import { quoteLiteral, SAFE_PATH, type Session } from '../postgres/session.ts';
import { HISTORY_TABLE, qualify } from './history-table.ts';

/** The failure of a survey that waited in vain for tables that another session has for itself. */
export async function tableLocked(
  session: Session,
  seedTables: readonly string[],
  waitedMs: number,
  cause: unknown,
): Promise<BootError> {
  const tables = [HISTORY_TABLE, ...seedTables];
  const problem = {
    message: `Could not read table ${tables.join(', ')} within ${formatDuration(waitedMs)}; locked: ${await describeTableLocks(session, tables)}`,
    hint: 'Wait for that session to end, or terminate it (`select pg_terminate_backend(pid)`), then restart.',
  };
  return new BootError('LOCK_TIMEOUT', problem, cause);
}

async function describeTableLocks(session: Session, tables: readonly string[]): Promise<string> {
  const { schema } = session.settings;
  const oids = tables.map(
    (table) =>
      `pg_catalog.to_regclass(${quoteLiteral(qualify(schema, table))}::pg_catalog.text)::pg_catalog.oid`,
  );
  const [row] = await session.send<{ who: string | null }>(`
    set local search_path to default;
    select pg_catalog.set_config('zarpe.tables', pg_catalog.concat_ws(' ', ${oids.join(', ')}), true);
    set local search_path = ${SAFE_PATH};
    select pg_catalog.string_agg(relation::regclass || ' by pid ' || pid || coalesce(' (' || nullif(application_name, '') || ')', '')
      || coalesce(' of role ' || usename, '') || coalesce(', ' || state, '')
      || coalesce(', query since ' || pg_catalog.to_char(query_start, 'HH24:MI:SS TZ'), ''), '; ') as who
    from pg_catalog.pg_locks join pg_catalog.pg_stat_activity using (pid)
    where locktype = 'relation' and mode = 'AccessExclusiveLock' and granted
      and relation = any (pg_catalog.string_to_array(pg_catalog.current_setting('zarpe.tables'), ' ')::oid[])`);
  return row?.who ? plainLine(row.who) : 'a session that has ended since';
}
