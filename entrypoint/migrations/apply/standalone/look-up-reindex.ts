import { isTrusted } from '../../../database/trust.ts';
import { quoteLiteral, type Session } from '../../../postgres/session.ts';
import type { Reindex } from '../../script/read-standalone.ts';
import { findHolder } from './find-holder.ts';
import type { Found } from './found.ts';
import { relationOf } from './relation-of.ts';

interface Copy {
  /** Qualified and quoted. */
  readonly name: string;
  readonly relation: string;
  /** Those of TOAST tables lie in a schema that few roles may use. */
  readonly droppable: boolean;
}

/**
 * Looks for the copies that a REINDEX CONCURRENTLY makes, and leaves invalid where it is cut off: on what the statement
 * names, and of owners that we trust, since others could keep us waiting for the locks of theirs.
 */
export async function lookUpReindex(session: Session, statement: Reindex): Promise<Found> {
  const tables = statement.isConcurrent ? await tablesOf(session, statement) : undefined;
  if (tables === undefined) return { kind: 'absent' };
  const all = await session.query<Copy>(`
    WITH RECURSIVE ${tables}
    SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name, i.indrelid AS relation,
      pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS droppable
    FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
      JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE NOT i.indisvalid AND c.relkind = 'i' AND c.relname ~ '_cc(new|old)[0-9]*$' AND ${isTrusted('c.relowner')}
      AND i.indrelid IN (SELECT t.oid FROM tables AS t
        UNION ALL SELECT r.reltoastrelid FROM tables AS t JOIN pg_catalog.pg_class AS r ON r.oid = t.oid)
    ORDER BY 1`);
  const copies = all.filter(({ droppable }) => droppable);
  if (copies.length === 0) return { kind: 'absent', ...(all.length > 0 && { note: describe(all) }) };
  const holder = await findHolder(
    session,
    copies.map(({ relation }) => relation),
  );
  if (holder !== undefined) return { kind: 'in use', holder };
  const remedies = copies.map(({ name }) => `DROP INDEX CONCURRENTLY IF EXISTS ${name}`);
  return { kind: 'leftover', remedies, note: describe(all) };
}

/** The tables whose indexes the statement rebuilds, partitions too, as a common table expression; undefined where there are none. */
async function tablesOf(session: Session, { scope, name }: Reindex): Promise<string | undefined> {
  if (name === undefined || scope === 'DATABASE' || scope === 'SYSTEM')
    return 'tables AS (SELECT c.oid FROM pg_catalog.pg_class AS c)';
  if (scope === 'SCHEMA')
    return `tables AS (SELECT c.oid FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
      WHERE n.nspname = (pg_catalog.parse_ident(${quoteLiteral(name)}))[1]::pg_catalog.name)`;
  const relation = await relationOf(session, name);
  if (relation === undefined) return undefined;
  const tree = `tree AS (SELECT ${quoteLiteral(relation)}::pg_catalog.oid AS oid
    UNION SELECT i.inhrelid FROM tree AS t JOIN pg_catalog.pg_inherits AS i ON i.inhparent = t.oid)`;
  return scope === 'TABLE'
    ? `${tree}, tables AS (SELECT oid FROM tree)`
    : `${tree}, tables AS (SELECT i.indrelid AS oid FROM tree AS t JOIN pg_catalog.pg_index AS i ON i.indexrelid = t.oid)`;
}

function describe(copies: readonly Copy[]): string {
  const parts = copies.map(({ name, droppable }) =>
    droppable ? `dropping ${name}` : `${name} stays, which only a superuser can drop`,
  );
  return `an interrupted REINDEX left invalid indexes: ${parts.join(', ')}`;
}
