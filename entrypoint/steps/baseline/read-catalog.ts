import { quoteLiteral, type Session } from '../../postgres/session.ts';
import { GLOBALS, OBJECTS } from './catalog-queries.ts';

/** One object of a database, as PostgreSQL itself would write it down. */
export interface CatalogObject {
  /** Null for what is in no schema, such as an extension. */
  readonly schema: string | null;
  readonly kind: string;
  /** Qualified and quoted. */
  readonly name: string;
  /** The table that it is a part of, of the same form. */
  readonly parent: string | null;
  readonly definition: string;
}

/**
 * Reads the catalog alone: no statement of it runs code of another role.
 * @param schemas the schemas to look at; all but PostgreSQL's own where it is undefined
 */
export async function readCatalog(
  session: Session,
  schemas: readonly string[] | undefined,
): Promise<readonly CatalogObject[]> {
  const inScope =
    schemas === undefined
      ? "n.nspname <> 'information_schema' and n.nspname !~ '^pg_'"
      : `n.nspname in (${schemas.map(quoteLiteral).join(', ')})`;
  const queries = [...OBJECTS.map((query) => `${query} and ${inScope}`), ...GLOBALS];
  return session.query<CatalogObject & Record<string, unknown>>(
    `select "schema"::text, kind::text, name::text, parent::text, coalesce(definition, '')::text as definition
      from (${queries.map((query) => `(${query})`).join('\n union all ')}) as objects`,
  );
}
