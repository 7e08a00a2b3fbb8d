import { quoteLiteral } from '../postgres/session.ts';
import { queryCell } from './lazy-query.ts';

/** Every superuser counts as a member of this role. */
const BOOTSTRAP_SUPERUSER = 10;
/** `pg_database_owner` of PostgreSQL 14 and later: nobody but the owner of the database acts as it. */
const DATABASE_OWNER = 6171;

/** Whether a role, as SQL that is planned at once, is us or a superuser. */
export function isUs(role: string): string {
  return `(pg_catalog.pg_has_role(${role}, ${BOOTSTRAP_SUPERUSER}::oid, 'MEMBER') or pg_catalog.pg_get_userbyid(${role}) = current_user)`;
}

/** Whether a role, as SQL, can do all that we can without us: a superuser, us, the owner of the database. */
function isAbove(role: string): string {
  return `(${isUs(role)} or ${role} in (${DATABASE_OWNER}, (select d.datdba from pg_catalog.pg_database as d where d.datname = pg_catalog.current_database())))`;
}

/**
 * Somebody who can log in and act as a role without being able to act as us: a member of a group that we share, whoever made
 * us a member of a role of theirs, a role that we have made ourselves.
 */
const OUTSIDER = [
  `select true as cell from pg_catalog.pg_roles as p where p.rolcanlogin
    and not (${isAbove('p.oid')} or pg_catalog.pg_has_role(p.oid, current_user, 'MEMBER')) and pg_catalog.pg_has_role(p.oid, `,
  "::oid, 'MEMBER') limit 1",
].map(quoteLiteral);

/** Whether a role, as SQL, may own what we read: it can do all that we can, or nobody acts as it who cannot. */
export function isTrusted(role: string): string {
  const outsider = queryCell(`${OUTSIDER[0]} || ${role} || ${OUTSIDER[1]}`);
  return `(case when ${isAbove(role)} then true
    when pg_catalog.current_setting('is_superuser') = 'on' or not pg_catalog.pg_has_role(${role}, 'MEMBER') then false
    else ${outsider} is null end)`;
}

/** What the view `t` is made of, as a FROM clause: the dependencies of its rule. */
const MADE_OF = `pg_catalog.pg_rewrite as r join pg_catalog.pg_depend as d
    on d.classid = 'pg_catalog.pg_rewrite'::regclass and d.objid = r.oid and r.ev_type = '1' and r.ev_class = t.oid`;

/** Of partitions and tables that inherit, which are planned with the table, and of all that a view is made of. */
const OWNERS = `)::oid as oid union select n.oid from tree as t cross join lateral (
      select i.inhrelid as oid from pg_catalog.pg_inherits as i where i.inhparent = t.oid
      union all select d.refobjid from ${MADE_OF} where d.refclassid = 'pg_catalog.pg_class'::regclass) as n)
  select pg_catalog.min(o.owner::pg_catalog.int8) as cell from tree as t cross join lateral (
      select c.relowner as owner from pg_catalog.pg_class as c where c.oid = t.oid
      union all select p.proowner from ${MADE_OF} join pg_catalog.pg_proc as p on d.refclassid = p.tableoid and p.oid = d.refobjid
      union all select p.oprowner from ${MADE_OF} join pg_catalog.pg_operator as p on d.refclassid = p.tableoid and p.oid = d.refobjid
      union all select p.typowner from ${MADE_OF} join pg_catalog.pg_type as p on d.refclassid = p.tableoid and p.oid = d.refobjid) as o
    where not ${isTrusted('o.owner')}`;

/**
 * The name of a role, as SQL, that is not trusted and owns the relation `c`, a partition of it, or what it reads as a view;
 * null where there is none.
 */
export function untrustedOwner(c: string): string {
  const owner = queryCell(`'with recursive tree as (select (' || ${c}.oid || ${quoteLiteral(OWNERS)}`);
  return `(case when not ${isTrusted(`${c}.relowner`)} then pg_catalog.pg_get_userbyid(${c}.relowner)::pg_catalog.text
    when ${c}.relhassubclass or ${c}.relkind = 'v' then pg_catalog.pg_get_userbyid(${owner}::oid)::pg_catalog.text end)`;
}
