import pg from 'pg';
import { quoteIdentifier, quoteLiteral, type Session } from '../../../postgres/session.ts';
import type { ConcurrentIndex } from '../../script/read-standalone.ts';
import { requalify } from '../../script/requalify.ts';
import { findHolder } from './find-holder.ts';
import type { Found } from './found.ts';
import { relationOf } from './relation-of.ts';

interface Index {
  readonly schema: string;
  /** Qualified and quoted. */
  readonly qualified: string;
  readonly table: string;
  readonly valid: boolean;
  /** Without the names of the index and the table; empty where the index is of another table. */
  readonly definition: string;
}

/** Looks for the index that a CREATE INDEX CONCURRENTLY makes: that name, that definition, valid. */
export async function lookUpIndex(session: Session, statement: ConcurrentIndex): Promise<Found> {
  const table = await relationOf(session, statement.table);
  const candidates = table === undefined ? [] : await findCandidates(session, table, statement.name);
  if (candidates.length === 0) return { kind: 'absent' };
  const wanted = await definitionOf(session, statement, candidates[0]?.schema ?? '');
  const index = candidates.find(({ definition, valid }) =>
    wanted === undefined
      ? statement.name !== undefined && !valid && definition !== ''
      : definition === wanted,
  );
  const [other] = candidates;
  if (index === undefined) {
    if (statement.name === undefined || other === undefined) return { kind: 'absent' };
    // The server says what it makes of it: IF NOT EXISTS passes it over, and without that it is an error.
    return {
      kind: 'absent',
      note: `index ${other.qualified} is there with another definition: left as it is`,
    };
  }
  if (index.valid) return { kind: 'done', note: `index ${index.qualified} is there already, and valid` };
  const holder = await findHolder(session, [index.table]);
  if (holder !== undefined) return { kind: 'in use', holder };
  return {
    kind: 'leftover',
    remedies: [`DROP INDEX CONCURRENTLY IF EXISTS ${index.qualified}`],
    note: `index ${index.qualified} is invalid, left by an interrupted build: dropping it and building it again`,
  };
}

/** Indexes in the schema of the table that have its name; where PostgreSQL chooses that, those of the table. */
async function findCandidates(session: Session, table: string, name: string | undefined): Promise<Index[]> {
  const isCandidate =
    name === undefined
      ? "i.indrelid = t.oid AND c.relname ~ '_idx[0-9]*$'"
      : `c.relname = (pg_catalog.parse_ident(${quoteLiteral(name)}))[1]::pg_catalog.name`;
  return session.query<Index>(`
    SELECT n.nspname AS schema, pg_catalog.format('%I.%I', n.nspname, c.relname) AS qualified, i.indrelid AS table,
      i.indisvalid AS valid, CASE WHEN i.indrelid = t.oid THEN ${NORMALIZED} ELSE '' END AS definition
    FROM pg_catalog.pg_class AS t JOIN pg_catalog.pg_class AS c ON c.relnamespace = t.relnamespace
      JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
      JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid
    WHERE t.oid = ${quoteLiteral(table)}::pg_catalog.oid AND ${isCandidate}
    ORDER BY i.indisvalid DESC, c.oid`);
}

/** The definition of index `c` without the names of the index and its table. */
const NORMALIZED = `CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END
  || pg_catalog.regexp_replace(pg_catalog.pg_get_indexdef(c.oid), '^(?:[^"]|"(?:[^"]|"")*")*? USING ', '')
  || coalesce(' TABLESPACE ' || (SELECT s.spcname FROM pg_catalog.pg_tablespace AS s WHERE s.oid = c.reltablespace), '')`;

/**
 * The definition that the statement makes, as the server writes it: of the same index on an empty table of the same
 * columns, which is rolled back. It is made in the schema of the index, where the role may create things, and not as a
 * temporary one, which needs a privilege of its own. Undefined where that cannot be made.
 */
async function definitionOf(
  session: Session,
  { table, definition, isUnique }: ConcurrentIndex,
  schema: string,
): Promise<string | undefined> {
  const name = quoteIdentifier(`zarpe_${process.pid}_${Date.now()}`);
  const scratch = `${quoteIdentifier(schema)}.${name}`;
  try {
    await session.send(`BEGIN; CREATE TABLE ${scratch} (LIKE ${table})`);
    await session.send(
      `CREATE ${isUnique ? 'UNIQUE ' : ''}INDEX ON ${scratch} ${requalify(definition, table, name)}`,
    );
    const [row] = await session.query<{ definition: string }>(`
      SELECT ${NORMALIZED} AS definition
      FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
      WHERE i.indrelid = ${quoteLiteral(scratch)}::pg_catalog.regclass`);
    return row?.definition;
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.severity !== 'FATAL') return undefined;
    throw error;
  } finally {
    if (!session.lost.aborted) await session.send('ROLLBACK');
  }
}
