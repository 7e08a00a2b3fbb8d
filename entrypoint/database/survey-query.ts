import { quoteIdentifier, quoteLiteral, SAFE_PATH } from '../postgres/session.ts';
import { FOREIGN_NAMESPACE } from './history-doubt.ts';
import { HISTORY_TABLE } from './history-table.ts';
import { queryAsXml, queryHeld } from './lazy-query.ts';
import { untrustedOwner } from './trust.ts';

/** Rows are counted no further than this: the count decides, it does not report. */
export const COUNT_LIMIT = 1000;

export const SERVER_FACTS = `pg_catalog.json_build_object(
    'version', pg_catalog.current_setting('server_version'),
    'versionNum', pg_catalog.current_setting('server_version_num')::int,
    'standby', pg_catalog.pg_is_in_recovery(),
    'readOnly', pg_catalog.current_setting('transaction_read_only')::bool,
    'role', current_user,
    'pid', pg_catalog.pg_backend_pid())`;

/**
 * Looks for the tables where the role's own search path has them, and keeps what it finds for the transaction. Temporary
 * ones do not count: behind a pooler they are another client's.
 */
export function findTables(schema: string | undefined, seedTables: readonly string[]): string[] {
  const ofRole = `array(select name from pg_catalog.unnest(pg_catalog.current_setting('zarpe.schemas')::pg_catalog.text[])
    with ordinality as known (name, at) where name !~ '^pg_temp_' order by at)`;
  const given = schema === undefined ? '' : `${quoteLiteral(`${quoteIdentifier(schema)}.`)} || `;
  return [
    'set local search_path to default',
    `select ${keep('schemas', 'pg_catalog.current_schemas(false)::pg_catalog.text')}`,
    `set local search_path = ${SAFE_PATH}`,
    `select ${keep('schema', 'names[1]')}, ${keep('history', 'h.oid::pg_catalog.text')},
        ${keep('users', 'u.oid::pg_catalog.text')}, ${keep('users_name', `${given}pg_catalog.quote_ident(u.name)`)}
      from (select ${schema === undefined ? ofRole : `array[${quoteLiteral(schema)}]`} as names) as s
      left join lateral (${firstTable([HISTORY_TABLE])}) as h on true
      left join lateral (${firstTable(seedTables)}) as u on true`,
  ];
}

function keep(name: string, value: string): string {
  return `pg_catalog.set_config('zarpe.${name}', coalesce(${value}, ''), true)`;
}

/** The first of the tables that is in one of the schemas `names`, as a query. */
function firstTable(tables: readonly string[]): string {
  const list = `array[${tables.map(quoteLiteral).join(', ')}]`;
  return `select c.oid, c.relname as name from pg_catalog.unnest(names) with ordinality as known (name, at)
    join pg_catalog.pg_namespace as n on n.nspname = known.name
    join pg_catalog.pg_class as c on c.relnamespace = n.oid and c.relname = any (${list}::pg_catalog.name[])
    where c.relpersistence <> 't' order by pg_catalog.array_position(${list}, c.relname::pg_catalog.text), known.at limit 1`;
}

const found = (name: string) => `nullif(pg_catalog.current_setting('zarpe.${name}'), '')`;

const HISTORY_ROWS = `select pg_catalog.json_agg(pg_catalog.json_build_array(migration_name, checksum, started_at,
    finished_at is not null, rolled_back_at is not null, case when finished_at is null then logs end,
    case when finished_at is null then id end) order by started_at)::text as cell from `;

/** Why the rows of the user table `u` are not counted, as SQL; null where they are. */
export const USERS_HIDDEN = `case
    when not pg_catalog.has_table_privilege(u.oid, 'SELECT') then 'the role may not read it'
    when pg_catalog.row_security_active(u.oid) then 'row level security hides rows from the role' end`;

/** `offset 0` keeps the planner from working the same out twice. */
export function surveyQuery(schema: string | undefined, isPlain: string, hidden: string): string {
  const history = queryHeld('h.name', 'h.oid', `${quoteLiteral(HISTORY_ROWS)} || h.name`);
  const users = queryHeld(
    'u.name',
    'u.oid',
    `'select pg_catalog.count(*) as cell from (select from ' || u.name || ' limit ${COUNT_LIMIT}) as t'`,
  );
  return `select pg_catalog.json_build_object(
    'server', ${SERVER_FACTS},
    'schema', coalesce((pg_catalog.parse_ident(h.relnamespace::regnamespace::text))[1], ${found('schema')}),
    'namespaceOwner', ${schema === undefined ? `case when ${found('schema')} = current_user then ${queryAsXml(quoteLiteral(FOREIGN_NAMESPACE))} end` : 'null'},
    'unusualHistory', case when h.rows is null then h.oid::text end,
    'history', h.rows,
    'seedTable', ${found('users_name')},
    'seedReason', u.hidden,
    'seedOwner', u.untrusted,
    'seedRows', case when u.hidden is null and u.untrusted is null then ${users} end
  ) as facts
  from (select) as one
  left join (select h.oid, h.relnamespace, case when h.plain then ${history} end as rows
    from (select c.oid, c.relnamespace, c.oid::regclass::text as name, ${isPlain} as plain
      from pg_catalog.pg_class as c where c.oid = ${found('history')}::oid offset 0) as h offset 0) as h on true
  left join (select u.oid, u.oid::regclass::text as name, ${hidden} as hidden, ${untrustedOwner('u')} as untrusted
    from pg_catalog.pg_class as u where u.oid = ${found('users')}::oid offset 0) as u on true`;
}
