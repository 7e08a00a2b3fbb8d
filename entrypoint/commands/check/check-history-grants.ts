import type { Database } from '../../database/database.ts';
import { isTrusted } from '../../database/trust.ts';
import { quoteLiteral } from '../../postgres/session.ts';
import { type Finding, warning } from './finding.ts';

/** Who can write into the history, or replace it, without being trusted: nothing of theirs is run, but a record may be forged. */
export async function checkHistoryGrants({ session, state, historyTable }: Database): Promise<Finding[]> {
  if (state.history === null) return [];
  const [row] = await session.query<{ owner: string | null; grantees: string | null }>(`
    select (select pg_catalog.pg_get_userbyid(n.nspowner) from pg_catalog.pg_namespace as n
        where n.oid = c.relnamespace and not ${isTrusted('n.nspowner')}) as owner,
      (select pg_catalog.string_agg(pg_catalog.concat(case when g.grantee = 0 then 'PUBLIC' else pg_catalog.pg_get_userbyid(g.grantee) end,
          ' (', g.privileges, ')'), ', ') from (
        select a.grantee, pg_catalog.string_agg(a.privilege, ', ') as privileges from (
          select t.grantee, t.privilege_type as privilege, t.privilege_type from pg_catalog.aclexplode(c.relacl) as t
          union all select t.grantee, pg_catalog.concat(t.privilege_type, ' of ', f.attname), t.privilege_type
          from pg_catalog.pg_attribute as f, pg_catalog.aclexplode(f.attacl) as t where f.attrelid = c.oid
          union all select m.oid, 'pg_write_all_data', 'INSERT' from pg_catalog.pg_roles as m, pg_catalog.pg_roles as w
          where w.rolname = 'pg_write_all_data' and m.oid <> w.oid and pg_catalog.pg_has_role(m.oid, w.oid, 'MEMBER')) as a
        where a.privilege_type = any ('{INSERT,UPDATE,DELETE,TRUNCATE,TRIGGER,REFERENCES}'::text[])
          and not ${isTrusted('a.grantee')}
        group by a.grantee) as g) as grantees
    from pg_catalog.pg_class as c where c.oid = ${quoteLiteral(historyTable)}::pg_catalog.regclass`);
  const findings: Finding[] = [];
  if (row?.grantees)
    findings.push(
      warning(
        'migrate',
        `roles that are not the owner's may write into the history, and so forge a record: ${row.grantees}. REVOKE ALL ON ${historyTable} FROM them, and pg_write_all_data where it is named`,
      ),
    );
  if (row?.owner)
    findings.push(
      warning(
        'migrate',
        `role "${row.owner}" owns the schema of ${historyTable}, and may drop it: give the schema to the role that migrates`,
      ),
    );
  return findings;
}
