import { BootError } from '../../core/errors.ts';
import type { Database } from '../../database/database.ts';
import { count } from '../../lib/count.ts';
import { plainLine } from '../../lib/plain-text.ts';
import { quoteIdentifier, quoteLiteral } from '../../postgres/session.ts';
import { isLossless } from './lossless-type.ts';
import { readPushStatement, type TypeChange } from './push-statement.ts';
import type { TableCounter } from './push-tables.ts';

/** The changes of types in a plan that could lose some of a value, each of a column with values. The engine warns of few of them. */
export async function findLossyTypes(
  database: Database,
  statements: readonly string[],
  schema: string,
  counter: TableCounter,
): Promise<readonly string[]> {
  const lossy: string[] = [];
  for (const change of statements.flatMap(readKnown)) {
    const table = `${change.schema ?? quoteIdentifier(schema)}.${change.table}`;
    await counter.lock(table);
    const from = await readType(database, table, change);
    if (from !== undefined && isLossless(from.type, change.type, from.zone)) continue;
    const rows = Number(await counter.count(table, `WHERE ${change.column} IS NOT NULL`));
    if (rows > 0) lossy.push(describe(table, change, from, rows));
  }
  return lossy;
}

/** What cannot be read could lose anything. */
function readKnown(statement: string): readonly TypeChange[] {
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
  { column }: TypeChange,
): Promise<OldType | undefined> {
  const [old] = await session.query<OldType>(
    `select pg_catalog.format_type(a.atttypid, a.atttypmod) as type, pg_catalog.current_setting('TimeZone') as zone
      from pg_catalog.pg_attribute as a where a.attrelid = pg_catalog.to_regclass(${quoteLiteral(table)})
      and a.attname = ${quoteLiteral(column.slice(1, -1))} and not a.attisdropped`,
  );
  return old;
}

function describe(
  table: string,
  { column, type }: TypeChange,
  from: OldType | undefined,
  rows: number,
): string {
  const change = `from ${from?.type ?? 'an unknown type'} to ${type.replaceAll(/ (?=[()[\],])|(?<=[([]) /g, '')}`;
  return `The column ${column} of the table ${table} has ${count(rows, 'value')}, and to change its type ${change} could lose part of them (TimeZone is ${from?.zone ?? 'unknown'}).`;
}
