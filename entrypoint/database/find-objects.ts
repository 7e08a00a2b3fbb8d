import { quoteLiteral, type Session } from '../postgres/session.ts';
import { FILLED, PATIENTLY } from './table-fill.ts';

/** An object of the database that has one of the names that were asked for. */
export interface FoundObject {
  /** Null for a schema. */
  readonly schema: string | null;
  readonly name: string;
  /** Whether the table has a row; null for what is no table, and where that cannot be told. */
  readonly filled: boolean | null;
}

/** Objects with one of the names, in any schema: tables and whether they have rows, types, functions, schemas. */
export async function findObjects(
  session: Session,
  names: readonly string[],
): Promise<readonly FoundObject[]> {
  if (names.length === 0) return [];
  const named = (column: string) => `${column} in (${names.map(quoteLiteral).join(', ')})`;
  const inSchema = 'join pg_catalog.pg_namespace as n on n.oid =';
  return session.query<FoundObject & Record<string, unknown>>(`
    ${PATIENTLY};
    select n.nspname::text as schema, c.relname::text as name,
        case when c.relkind in ('r', 'p') then ${FILLED} end as filled
      from pg_catalog.pg_class as c ${inSchema} c.relnamespace where ${named('c.relname')}
    union all select n.nspname::text, t.typname::text, null
      from pg_catalog.pg_type as t ${inSchema} t.typnamespace where t.typrelid = 0 and ${named('t.typname')}
    union all select n.nspname::text, p.proname::text, null
      from pg_catalog.pg_proc as p ${inSchema} p.pronamespace where ${named('p.proname')}
    union all select null, n.nspname::text, null from pg_catalog.pg_namespace as n where ${named('n.nspname')}`);
}
