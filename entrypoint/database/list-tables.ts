import { plainLine } from '../lib/plain-text.ts';
import { quoteLiteral, type Session } from '../postgres/session.ts';
import { FILLED, PATIENTLY } from './table-fill.ts';

/** More than a person reads in a message. */
const MOST_TABLES = 30;

export interface TableFill {
  readonly name: string;
  /** Null where the role may not look, another session has the table for itself, or its owner is not trusted. */
  readonly isEmpty: boolean | null;
}

/** The tables of the app in a schema, and which of them have no rows. For a message: none where that cannot be told. */
export async function listTables(session: Session, schema: string | null): Promise<readonly TableFill[]> {
  if (schema === null) return [];
  try {
    const rows = await session.query<{ name: string; filled: boolean | null }>(`
      ${PATIENTLY};
      select c.relname::pg_catalog.text as name, ${FILLED} as filled
      from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
      where n.nspname = ${quoteLiteral(schema)} and c.relkind in ('r', 'p') and not c.relispartition
        and c.relname <> '_prisma_migrations'
        and not exists (select from pg_catalog.pg_depend as d where d.objid = c.oid and d.deptype = 'e')
      order by c.relname limit ${MOST_TABLES}`);
    return rows.map(({ name, filled }) => ({
      name: plainLine(name),
      isEmpty: filled === null ? null : !filled,
    }));
  } catch {
    return [];
  }
}
