import { quoteLiteral, type Session } from '../postgres/session.ts';
import type { HistoryDoubt } from './history-table.ts';
import { isTrusted, isUs, untrustedOwner } from './trust.ts';

/** The oids of text and varchar, timestamptz and timestamp, int4 and int8. */
const [TEXT, TIME, COUNT] = [
  [25, 1043],
  [1184, 1114],
  [23, 20],
];

/** What Prisma writes and reads, and of which types; a column of any other name has to fill itself. */
const COLUMNS = {
  id: TEXT,
  checksum: TEXT,
  migration_name: TEXT,
  logs: TEXT,
  started_at: TIME,
  finished_at: TIME,
  rolled_back_at: TIME,
  applied_steps_count: COUNT,
} as const;

/** Whether the relation `c` is a table with nothing attached that its row in the catalog tells of, as SQL. */
const IS_BARE = `(c.relkind = 'r' and c.relchecks = 0 and not (c.relhastriggers or c.relhassubclass or c.relhasrules or c.relispartition))`;

/** Whether the default `d` runs nothing but a function of PostgreSQL without arguments, as SQL: it reads no text as a query. */
const IS_VALUE = `pg_catalog.pg_get_expr(d.adbin, d.adrelid) ~ '^("?[a-z_]+"?[(][)]|CURRENT_TIMESTAMP[0-9()]*|"?nextval"?[(]''[^'']*''::"?regclass"?[)]|(-?[0-9.]+|true|false|(''[^'']*'')+)(::["a-z ]+)?)$'`;

/** Whether the index `i` runs more than a comparison of columns, as SQL. */
const RUNS_MORE = '(i.indisexclusion or i.indexprs is not null or i.indpred is not null)';

/**
 * What of the relation `c` may run code where a row of it is read or written, as a query of texts. Only its owner can attach
 * it, but a table keeps it when it gets another owner, and its functions stay whose they were.
 */
const ATTACHED = `select pg_catalog.format('constraint "%s"', k.conname) from pg_catalog.pg_constraint as k
      where k.conrelid = c.oid and k.contype in ('c', 'f', 'x')
    union all select pg_catalog.format('parent table %s', i.inhparent::regclass) from pg_catalog.pg_inherits as i where i.inhrelid = c.oid
    union all select pg_catalog.format('child table %s', i.inhrelid::regclass) from pg_catalog.pg_inherits as i where i.inhparent = c.oid
    union all select pg_catalog.format('rule "%s"', r.rulename) from pg_catalog.pg_rewrite as r where r.ev_class = c.oid
    union all select pg_catalog.format('index %s, which has an expression or a condition', i.indexrelid::regclass)
      from pg_catalog.pg_index as i where i.indrelid = c.oid and ${RUNS_MORE}
    union all select pg_catalog.format('statistics object "%s"', s.stxname) from pg_catalog.pg_statistic_ext as s where s.stxrelid = c.oid
    union all select pg_catalog.format('column "%s", whose default is more than a value', a.attname)
      from pg_catalog.pg_attrdef as d join pg_catalog.pg_attribute as a on a.attrelid = d.adrelid and a.attnum = d.adnum
      where d.adrelid = c.oid and not ${IS_VALUE}
    union all select pg_catalog.format('column "%s", whose type is a domain', a.attname)
      from pg_catalog.pg_attribute as a join pg_catalog.pg_type as y on y.oid = a.atttypid
      where a.attrelid = c.oid and a.attnum > 0 and y.typtype = 'd'`;

/** Whether a bare table of the columns that Prisma gives it has nothing attached, as SQL that PostgreSQL plans quickly. */
const HAS_NOTHING = `not exists (select from pg_catalog.pg_index as i where i.indrelid = c.oid and ${RUNS_MORE})
    and not exists (select from pg_catalog.pg_inherits as i where i.inhrelid = c.oid)
    and not exists (select from pg_catalog.pg_statistic_ext as s where s.stxrelid = c.oid)
    and not exists (select from pg_catalog.pg_attrdef as d where d.adrelid = c.oid and not ${IS_VALUE})`;

/**
 * Whether only our role can change the relation `c`, as SQL that PostgreSQL plans quickly: it usually is ours. It does not
 * check the columns, because it trusts their owner.
 */
export const IS_OBVIOUS = `(${IS_BARE} and not c.relrowsecurity and ${isUs('c.relowner')})`;

/**
 * Whether the relation `c` is a plain history that we trust, as SQL that reads none of its rows and that PostgreSQL plans
 * quickly: most starts need no other check.
 */
export const IS_PLAIN_HISTORY = `(${IS_BARE} and ${isTrusted('c.relowner')}
    and not pg_catalog.row_security_active(c.oid) and ${HAS_NOTHING}
    and (select pg_catalog.count(*) = ${Object.keys(COLUMNS).length} and pg_catalog.bool_and(${isExpected('a')})
      from pg_catalog.pg_attribute as a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped))`;

/**
 * The role that owns the schema named as we are, where it is not trusted, as a query of one cell: `"$user"` comes first in
 * most search paths, and anybody may have made that schema.
 */
export const FOREIGN_NAMESPACE = `select pg_catalog.pg_get_userbyid(n.nspowner) as cell
    from pg_catalog.pg_namespace as n where n.nspname = current_user and not ${isTrusted('n.nspowner')}`;

/**
 * Triggers that run code of a role that is not trusted: by their function, by what their condition or their arguments say (in
 * a text, which leaves no dependency), or by a function of PostgreSQL's own. A foreign key runs the triggers of its table,
 * before PostgreSQL 18 with our rights.
 */
const INTRUDERS = `select pg_catalog.format('trigger "%s", which needs %s of role "%s"', t.tgname,
        pg_catalog.pg_describe_object(d.refclassid, d.refobjid, 0), pg_catalog.pg_get_userbyid(o.owner))
      from pg_catalog.pg_trigger as t
        join pg_catalog.pg_depend as d on d.classid = 'pg_catalog.pg_trigger'::regclass and d.objid = t.oid
        cross join lateral (
          select p.proowner as owner from pg_catalog.pg_proc as p where d.refclassid = p.tableoid and p.oid = d.refobjid
          union all select p.oprowner from pg_catalog.pg_operator as p where d.refclassid = p.tableoid and p.oid = d.refobjid
          union all select p.typowner from pg_catalog.pg_type as p where d.refclassid = p.tableoid and p.oid = d.refobjid) as o
      where t.tgrelid = c.oid and not t.tgisinternal and not ${isTrusted('o.owner')}
    union all select pg_catalog.format('trigger "%s", which has %s', t.tgname, case when t.tgqual is not null then 'a condition'
        when t.tgnargs > 0 then 'arguments' else 'a function of PostgreSQL itself' end)
      from pg_catalog.pg_trigger as t
      where t.tgrelid = c.oid and not t.tgisinternal and (t.tgqual is not null or t.tgnargs > 0 or t.tgfoid < 16384)
    union all select pg_catalog.format('foreign key "%s" of %s, a table of role "%s"', f.conname, k.oid::regclass, pg_catalog.pg_get_userbyid(k.relowner))
      from pg_catalog.pg_constraint as f join pg_catalog.pg_class as k on k.oid = f.conrelid
      where f.confrelid = c.oid and not ${isTrusted('k.relowner')}`;

/** A HistoryDoubt about the relation `c` as JSON, or null, as SQL. */
export const DOUBT = `case
    when c.relkind <> 'r' then pg_catalog.json_build_array('kind', case c.relkind
      when 'p' then 'a partitioned table' when 'v' then 'a view' when 'm' then 'a materialized view' when 'f' then 'a foreign table' else 'no table' end)
    when ${untrustedOwner('c')} is not null then pg_catalog.json_build_array('owner', ${untrustedOwner('c')})
    when pg_catalog.row_security_active(c.oid) then pg_catalog.json_build_array('rows', '')
    when exists (${INTRUDERS}) then pg_catalog.json_build_array('trigger', (${INTRUDERS} limit 1))
    when exists (${ATTACHED}) then pg_catalog.json_build_array('code', (${ATTACHED} limit 1))
    when exists (${differing('')}) then pg_catalog.json_build_array('columns', (${differing("pg_catalog.string_agg(name, ', ')")}))
  end`;

/** What there is to doubt about a history that is not plain; null where that is only unusual. */
export async function findDoubt(session: Session, oid: string): Promise<HistoryDoubt | null> {
  const [row] = await session.query<{ doubt: HistoryDoubt | null }>(
    `select ${DOUBT} as doubt from pg_catalog.pg_class as c where c.oid = ${quoteLiteral(oid)}::oid`,
  );
  return row?.doubt ?? null;
}

/** Columns that are not as Prisma has them, and others that do not fill themselves. */
function differing(what: string): string {
  const names = Object.keys(COLUMNS).map((name) => `('${name}')`);
  return `select ${what} from (
      select name from (values ${names.join(', ')}) as known (name)
        where not exists (select from pg_catalog.pg_attribute as a
          where a.attrelid = c.oid and not a.attisdropped and a.attname = name and ${isExpected('a')})
      union all select a.attname::text from pg_catalog.pg_attribute as a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attnotnull and not a.atthasdef
          and a.attidentity = '' and a.attname::text not in (values ${names.join(', ')})
    ) as differs`;
}

function isExpected(column: string): string {
  const known = Object.entries(COLUMNS).flatMap(([name, types]) => types.map((type) => `${name} ${type}`));
  return `(${column}.attgenerated = ''
      and pg_catalog.concat(${column}.attname, ' ', ${column}.atttypid) = any ('{${known.join(',')}}'::text[]))`;
}
