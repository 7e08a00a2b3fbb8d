import { BootError } from '../../core/errors.ts';
import type { Database } from '../../database/database.ts';
import { count } from '../../lib/count.ts';
import { plainLine } from '../../lib/plain-text.ts';
import { quoteIdentifier, quoteLiteral } from '../../postgres/session.ts';
import { isLossless } from './lossless-type.ts';
import { type Change, readPushStatement } from './push-statement.ts';
import type { TableCounter } from './push-tables.ts';

/** What of a plan could lose data that is there, whatever the engine says: it warns of few changes of a type. */
export async function findLosses(
  database: Database,
  statements: readonly string[],
  schema: string,
  counter: TableCounter,
): Promise<readonly string[]> {
  const losses: string[] = [];
  for (const change of statements.flatMap(readKnown)) {
    const table = `${change.schema ?? quoteIdentifier(schema)}.${change.table}`;
    await counter.lock(table);
    const from = change.type === undefined ? undefined : await readType(database, table, change);
    if (from !== undefined && isLossless(from.type, change.type ?? '', from.zone)) continue;
    const where = change.column === undefined ? '' : `WHERE ${change.column} IS NOT NULL`;
    const rows = Number(await counter.count(table, where));
    if (rows > 0) losses.push(describe(table, change, from, rows));
  }
  return losses;
}

/** What cannot be read could lose anything. */
function readKnown(statement: string): readonly Change[] {
  const changes = readPushStatement(statement);
  if (changes !== undefined) return changes;
  throw new BootError('PUSH_REFUSED', {
    message: 'The push needs a statement of which Zarpe does not know whether it loses data',
    hint: 'Make this change by hand, or change to migrations.',
    details: statement.split('\n').map(plainLine),
  });
}

interface OldType {
  readonly type: string;
  readonly zone: string;
}

async function readType(
  { session }: Database,
  table: string,
  { column = '""' }: Change,
): Promise<OldType | undefined> {
  const [old] = await session.query<OldType>(
    `select pg_catalog.format_type(a.atttypid, a.atttypmod) as type, pg_catalog.current_setting('TimeZone') as zone
      from pg_catalog.pg_attribute as a where a.attrelid = pg_catalog.to_regclass(${quoteLiteral(table)})
      and a.attname = ${quoteLiteral(column.slice(1, -1))} and not a.attisdropped`,
  );
  return old;
}

function describe(table: string, { column, type }: Change, from: OldType | undefined, rows: number): string {
  if (column === undefined) return `The table ${table} to drop has ${count(rows, 'row')}.`;
  const has = `The column ${column} of the table ${table} has ${count(rows, 'value')}`;
  if (type === undefined) return `${has}, and is to be dropped.`;
  const to = type.replaceAll(/ (?=[()[\],])|(?<=[([]) /g, '');
  return `${has}, and to change its type from ${from?.type ?? 'an unknown type'} to ${to} could lose part of them (TimeZone is ${from?.zone ?? 'unknown'}).`;
}
