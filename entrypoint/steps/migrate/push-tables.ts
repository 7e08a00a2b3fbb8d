import pg from 'pg';
import { BootError } from '../../core/errors.ts';
import type { Database } from '../../database/database.ts';
import { untrustedOwner } from '../../database/trust.ts';
import { plainLine } from '../../lib/plain-text.ts';
import { isConnectionLoss } from '../../postgres/connection-lost.ts';
import { ProtocolError } from '../../postgres/protocol-error.ts';
import { quoteLiteral } from '../../postgres/session.ts';
import { explainPassing } from '../../postgres/statement-error.ts';

/** How a transaction holds the tables that it counts: to read, or for itself alone until it has changed them. */
export type Hold = 'ACCESS SHARE' | 'ACCESS EXCLUSIVE';

/** To count the rows of a table, and to change it, runs functions of its owner. */
export async function refuseForeignTables(database: Database, schemas: readonly string[]): Promise<void> {
  const [found] = await database.session.query<{ name: string; owner: string }>(`
    select pg_catalog.format('%I.%I', n.nspname, c.relname)::text as name, ${untrustedOwner('c')} as owner
    ${tablesOf(schemas)} and ${untrustedOwner('c')} is not null limit 1`);
  if (found === undefined) return;
  throw new BootError('PUSH_REFUSED', {
    message: `Table ${plainLine(found.name)} belongs to role "${plainLine(found.owner)}", whose code a push could run`,
    hint: 'Give the table to the role that migrates (ALTER TABLE … OWNER TO …), or move it to another schema.',
  });
}

/** Keeps every table from being dropped, replaced or given away until the end of the transaction, and asks again whose they are. */
export async function holdTables(database: Database, schemas: readonly string[]): Promise<void> {
  const { session } = database;
  const rows = await session.query<{ name: string }>(
    `select pg_catalog.format('%I.%I', n.nspname, c.relname)::text as name ${tablesOf(schemas)}
      and pg_catalog.has_table_privilege(c.oid, 'SELECT') order by 1`,
  );
  const names = rows.map(({ name }) => `ONLY ${name}`);
  if (names.length > 0) await session.query(`LOCK TABLE ${names.join(', ')} IN ACCESS SHARE MODE`);
  await refuseForeignTables(database, schemas);
}

/**
 * Counts rows of a table that is locked first, and whose owner is looked up when nobody can change it any more.
 * @param ask sends a query that may take long
 */
export async function countRows(
  database: Database,
  schemas: readonly string[],
  { table, where, hold }: { readonly table: string; readonly where: string; readonly hold: Hold },
  ask: <Row extends pg.QueryResultRow>(sql: string) => Promise<readonly Row[]>,
): Promise<string> {
  try {
    await ask(`LOCK TABLE ${table} IN ${hold} MODE`);
    await refuseForeignTables(database, schemas);
    const [row] = await ask<{ rows: string }>(
      `select pg_catalog.count(*)::text as rows from ${table} ${where}`,
    );
    if (row === undefined) throw new ProtocolError('no row of a count');
    return row.rows;
  } catch (error) {
    throw cannotCount(table, error) ?? error;
  }
}

/** Such as row level security, under which a count would miss rows. */
function cannotCount(table: string, error: unknown): BootError | undefined {
  const isRefusal = error instanceof pg.DatabaseError && !isConnectionLoss(error);
  if (!isRefusal || explainPassing(error) !== undefined) return undefined;
  const message = `The rows of table ${plainLine(table)} cannot be counted, so that its change could lose data: ${plainLine(error.message)} (${error.code})`;
  return new BootError(
    'PUSH_REFUSED',
    { message, hint: 'Let the role that migrates read all of the table.' },
    error,
  );
}

function tablesOf(schemas: readonly string[]): string {
  return `from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where n.nspname in (${schemas.map(quoteLiteral).join(', ')}) and c.relkind in ('r', 'p')
      and not exists (select from pg_catalog.pg_depend as d where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')`;
}
