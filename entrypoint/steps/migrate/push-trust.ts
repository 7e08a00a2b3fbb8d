import { BootError } from '../../core/errors.ts';
import type { Database } from '../../database/database.ts';
import { isTrusted, untrustedOwner } from '../../database/trust.ts';
import { plainLine } from '../../lib/plain-text.ts';
import { quoteLiteral } from '../../postgres/session.ts';

/** Types that are no arrays and no rows of a table, which belong to whoever owns what they are made of. */
const OWN_TYPE = "(o.typtype <> 'b' or o.typelem = 0) and o.typtype <> 'c'";
/** Of the rest no push reads anything: views, and indexes beside those of the tables. */
const READ_RELATION = "o.relkind in ('r', 'p', 'f', 'S', 'c')";
/** What roles make in a schema that the statements of a push can name, find by its name, or run. */
const CATALOGS = [
  ['pg_class', 'relowner', 'relnamespace', READ_RELATION],
  ['pg_type', 'typowner', 'typnamespace', OWN_TYPE],
  ['pg_proc', 'proowner', 'pronamespace', 'true'],
  ['pg_operator', 'oprowner', 'oprnamespace', 'true'],
  ['pg_collation', 'collowner', 'collnamespace', 'true'],
] as const;

interface Found {
  readonly type: string;
  readonly name: string;
  readonly owner: string;
}

/**
 * A push reads, counts and changes what it finds in its schemas, and the server runs code of whoever owns it: nothing there
 * but a view may belong to a role that is not trusted, no partition of a table there, and no table at the other end of a
 * foreign key. The schemas themselves may: who owns one can drop what is in it, and own what comes in its place.
 */
export async function refuseForeignObjects({ session }: Database, schemas: readonly string[]): Promise<void> {
  const [object] = await session.query<Found>(ownedByOthers(schemas));
  if (object !== undefined) throw refused(object);
  const [table] = await session.query<Found>(planned(schemas));
  if (table !== undefined) throw refused(table);
}

function refused({ type, name, owner }: Found): BootError {
  const subject = plainLine(`${type.charAt(0).toUpperCase()}${type.slice(1)} ${name}`);
  return new BootError('PUSH_REFUSED', {
    message: `${subject} belongs to role "${plainLine(owner)}", whose code a push could run`,
    hint: 'Give it to the role that migrates (ALTER … OWNER TO …), move it to a schema that the push does not manage, or drop it.',
  });
}

function ownedByOthers(schemas: readonly string[]): string {
  const objects = CATALOGS.map(
    ([catalog, owner, schema, counts]) =>
      `select o.tableoid as class, o.oid, o.${owner} as owner from pg_catalog.${catalog} as o
        join pg_catalog.pg_namespace as n on n.oid = o.${schema} and ${isOneOf(schemas)} where ${counts}`,
  );
  return `with object as (${objects.join(' union all ')})
    select i.type, i.identity as name, pg_catalog.pg_get_userbyid(o.owner)::text as owner
    from object as o cross join lateral pg_catalog.pg_identify_object(o.class, o.oid, 0) as i
    where o.owner in (select d.owner from (select distinct owner from object) as d where not ${isTrusted('d.owner')})
    order by o.class, o.oid limit 1`;
}

/** Tables that the server plans a query on as us: of inheritance, and where it checks a foreign key again. */
function planned(schemas: readonly string[]): string {
  return `${withTables(schemas)}
    select 'table' as type, pg_catalog.format('%I.%I', s.nspname, c.relname) as name, ${untrustedOwner('c')} as owner
    from pg_catalog.pg_class as c join pg_catalog.pg_namespace as s on s.oid = c.relnamespace
    where c.oid in (
      select t.oid from held as t union
      select e.other from pg_catalog.pg_constraint as f
        cross join lateral (select f.conrelid as ours, f.confrelid as other union all select f.confrelid, f.conrelid) as e
        join held as t on t.oid = e.ours where f.contype = 'f')
      and ${untrustedOwner('c')} is not null
    order by c.oid limit 1`;
}

/** Begins a query on `held`: the tables of the schemas, with their partitions and children anywhere. */
export function withTables(schemas: readonly string[]): string {
  return `with recursive held as (
    select t.oid from pg_catalog.pg_class as t join pg_catalog.pg_namespace as n on n.oid = t.relnamespace
      where ${isOneOf(schemas)} and t.relkind in ('r', 'p')
    union select i.inhrelid from held as t join pg_catalog.pg_inherits as i on i.inhparent = t.oid)`;
}

function isOneOf(schemas: readonly string[]): string {
  return `n.nspname in (${schemas.map(quoteLiteral).join(', ')})`;
}
