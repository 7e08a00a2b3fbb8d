import { quoteLiteral, type Session } from '../../../postgres/session.ts';

/** The oid of what a script names, under the search path that the script runs with. */
export async function relationOf(session: Session, name: string): Promise<string | undefined> {
  const sql = `SELECT pg_catalog.to_regclass(${quoteLiteral(name)}::pg_catalog.text)::pg_catalog.oid::pg_catalog.text AS oid`;
  const [row] = await session.send<{ oid: string | null }>(sql);
  return row?.oid ?? undefined;
}
