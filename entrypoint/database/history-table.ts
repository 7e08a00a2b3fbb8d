import { BootError } from '../core/errors.ts';
import { quoteIdentifier, quoteLiteral, type Session } from '../postgres/session.ts';

export const HISTORY_TABLE = '_prisma_migrations';

/** Every superuser counts as a member of this role. */
const BOOTSTRAP_SUPERUSER = 10;

/** Why a history is not read, and what was found: the kind of the relation, a role, a trigger, columns. */
export type HistoryDoubt = readonly [reason: keyof typeof REASONS, found: string];

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

const REASONS = {
  schema: (found: string) => [
    'a schema of another name than the table',
    `the schema "${found}"`,
    'Choose another schema.',
  ],
  namespace: (found: string) => [
    'the schema that is named as this role to be its own',
    `one that role "${found}" owns, into which the search path would have tables made`,
    'Name the schema that is meant in the connection string (?schema=public), and take CREATE on the database from that role.',
  ],
  kind: (found: string) => ['a table', found, 'Remove it, or rename it.'],
  owner: (found: string) => [
    'a table that this role, a role it is a member of, a superuser or the owner of the database owns',
    `one that role "${found}" owns, which could write anything into it`,
    `Give it to the role that migrates (ALTER TABLE … OWNER TO …), make that one a member of "${found}", or drop the table if it is not yours.`,
  ],
  rows: () => [
    'a table of which this role sees every row',
    'row level security, which may hide some of them',
    'ALTER TABLE … DISABLE ROW LEVEL SECURITY, or connect with the role that owns it.',
  ],
  trigger: (found: string) => [
    'no trigger that runs a function of another role',
    `the trigger "${found}"`,
    'Drop it: it would run with the rights of the role that migrates.',
  ],
  columns: (found: string) => [
    'the columns that Prisma gives it',
    `a table in which these differ: ${found}`,
    'Rename it if it is not Prisma’s, or bring its columns back.',
  ],
} as const satisfies Record<string, (found: string) => readonly [string, string, string]>;

/** A history that somebody else controls, or that is not Prisma's: nothing is concluded from it, or written to it. */
export function historyRefused(schema: string | null, [reason, found]: HistoryDoubt): BootError {
  const [expected, got, hint] = REASONS[reason](found);
  return new BootError('MIGRATION_HISTORY', { what: historyTable(schema), expected, got, hint });
}

/** `_prisma_migrations` as SQL names it, in the schema where one is given. */
export function historyTable(schema: string | null): string {
  return qualify(schema, HISTORY_TABLE);
}

export function qualify(schema: string | null | undefined, table: string): string {
  const name = quoteIdentifier(table);
  return schema === undefined || schema === null ? name : `${quoteIdentifier(schema)}.${name}`;
}

/** Whether a role, as SQL, can do all that we can: it may become a superuser or us, or owns the database. */
export function isTrusted(role: string): string {
  return `(pg_catalog.pg_has_role(${role}, ${BOOTSTRAP_SUPERUSER}::oid, 'MEMBER')
    or (pg_catalog.current_setting('is_superuser') = 'off' and pg_catalog.pg_has_role(${role}, 'MEMBER'))
    or ${role} = (select d.datdba from pg_catalog.pg_database as d where d.datname = pg_catalog.current_database()))`;
}

/**
 * Whether there is nothing to doubt about the relation `c`, as SQL that reads no row of it and is soon planned: most
 * starts ask nothing else.
 */
export const IS_PLAIN_HISTORY = `(c.relkind = 'r' and not c.relhastriggers and ${isTrusted('c.relowner')}
    and not pg_catalog.row_security_active(c.oid)
    and (select pg_catalog.count(*) = ${Object.keys(COLUMNS).length} and pg_catalog.bool_and(${isExpected('a')})
      from pg_catalog.pg_attribute as a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped))`;

/** A HistoryDoubt as JSON, or null: `"$user"` comes first in most search paths, and anybody may have made that schema. */
export function foreignNamespace(schema: string): string {
  return `(select pg_catalog.json_build_array('namespace', pg_catalog.pg_get_userbyid(n.nspowner))
    from pg_catalog.pg_namespace as n where n.nspname = ${schema} and n.nspname = current_user
      and not ${isTrusted('n.nspowner')})`;
}

/** What there is to doubt about a history that is not plain; null where that is only unusual. */
export async function findDoubt(session: Session, oid: string): Promise<HistoryDoubt | null> {
  const [row] = await session.query<{ doubt: HistoryDoubt | null }>(
    `select ${DOUBT} as doubt from pg_catalog.pg_class as c where c.oid = ${quoteLiteral(oid)}::oid`,
  );
  return row?.doubt ?? null;
}

const DOUBT = `case
    when c.relkind not in ('r', 'p') then pg_catalog.json_build_array('kind', case c.relkind
      when 'v' then 'a view' when 'm' then 'a materialized view' when 'f' then 'a foreign table' else 'no table' end)
    when not ${isTrusted('c.relowner')}
      then pg_catalog.json_build_array('owner', pg_catalog.pg_get_userbyid(c.relowner))
    when pg_catalog.row_security_active(c.oid) then pg_catalog.json_build_array('rows', '')
    when exists (${triggers('')}) then pg_catalog.json_build_array('trigger', (${triggers('t.tgname')} limit 1))
    when exists (${differing('')}) then pg_catalog.json_build_array('columns', (${differing("pg_catalog.string_agg(name, ', ')")}))
  end`;

function triggers(what: string): string {
  return `select ${what} from pg_catalog.pg_trigger as t join pg_catalog.pg_proc as p on p.oid = t.tgfoid
      where t.tgrelid = c.oid and not t.tgisinternal and not ${isTrusted('p.proowner')}`;
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
