import type { Database } from '../../database/database.ts';
import { isTrusted } from '../../database/trust.ts';
import { quoteLiteral } from '../../postgres/session.ts';
import { type Finding, warning } from './finding.ts';

/** Who can write into the history, or replace it, without being trusted: nothing of theirs is run, but a record may be forged. */
export async function checkHistoryGrants({ session, state, historyTable }: Database): Promise<Finding[]> {
  if (state.history === null) return [];
  const [row] = await session.query<{ owner: string | null; grantees: string | null }>(`
    select (select pg_catalog.pg_get_userbyid(n.nspowner) from pg_catalog.pg_namespace as n
        where n.oid = c.relnamespace and pg_catalog.pg_get_userbyid(n.nspowner) <> 'pg_database_owner'
          and not ${isTrusted('n.nspowner')}) as owner,
      (select pg_catalog.string_agg(pg_catalog.concat(case when g.grantee = 0 then 'PUBLIC' else pg_catalog.pg_get_userbyid(g.grantee) end,
          ' (', g.privileges, ')'), ', ') from (
        select a.grantee, pg_catalog.string_agg(a.privilege_type, ', ') as privileges
        from pg_catalog.aclexplode(c.relacl) as a
        where a.privilege_type = any ('{INSERT,UPDATE,DELETE,TRUNCATE,TRIGGER,REFERENCES}'::text[])
          and not ${isTrusted('a.grantee')}
        group by a.grantee) as g) as grantees
    from pg_catalog.pg_class as c where c.oid = ${quoteLiteral(historyTable)}::pg_catalog.regclass`);
  const findings: Finding[] = [];
  if (row?.grantees)
    findings.push(
      warning(
        'migrate',
        `roles that are not the owner's may write into the history, and so forge a record: ${row.grantees}. REVOKE ALL ON ${historyTable} FROM them`,
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
