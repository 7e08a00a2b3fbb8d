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

/** Of partitions and tables that inherit, which are planned with the table. */
const OWNERS = `)::oid as oid union select i.inhrelid from tree as t join pg_catalog.pg_inherits as i on i.inhparent = t.oid)
  select pg_catalog.min(c.relowner::pg_catalog.int8) as cell from tree join pg_catalog.pg_class as c using (oid) where not ${isTrusted('c.relowner')}`;

/** The name of a role, as SQL, that owns the relation `c`, or a partition of it, and is not trusted; null where there is none. */
export function untrustedOwner(c: string): string {
  const owner = queryCell(`'with recursive tree as (select (' || ${c}.oid || ${quoteLiteral(OWNERS)}`);
  return `(case when not ${isTrusted(`${c}.relowner`)} then pg_catalog.pg_get_userbyid(${c}.relowner)::pg_catalog.text
    when ${c}.relhassubclass then pg_catalog.pg_get_userbyid(${owner}::oid)::pg_catalog.text end)`;
}
