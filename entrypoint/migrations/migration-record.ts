import { guardHistory, READ_COMMITTED } from '../database/history-guard.ts';
import { quoteIdentifier, quoteLiteral, type Session } from '../postgres/session.ts';

/**
 * A row of `_prisma_migrations` that the engine began, with its values, as the engine chose them. When it began is the
 * server's to say: the engine is ahead of it.
 */
export interface MigrationRecord {
  readonly id: string;
  readonly checksum: string;
  readonly name: string;
  /** There is a row of it already, which it goes on with: some of its own transactions are committed. */
  readonly isOpen?: boolean;
}

const NOW = 'pg_catalog.clock_timestamp()';
const INSERT = /^INSERT INTO "_prisma_migrations" \("id","checksum","started_at","migration_name"\)/;

/** The record the engine is about to insert before it runs a script; undefined for any other statement. */
export function readRecord(sql: string, args: readonly unknown[]): MigrationRecord | undefined {
  const [id, checksum, , name] = args;
  if (!INSERT.test(sql)) return undefined;
  if (typeof id !== 'string' || typeof checksum !== 'string' || typeof name !== 'string')
    throw new TypeError('the engine records a migration in a shape that Zarpe does not know');
  return { id, checksum, name };
}

/*
 * Each write is a few statements under a safe search path: first they make sure that nobody else has a hand in the table.
 */

/**
 * The row of a migration that is complete once its transaction is. Where there is such a row already it is its id that
 * is inserted again, which the primary key refuses.
 */
export function insertApplied(
  table: string,
  record: MigrationRecord,
  guard: readonly string[] = guardWrite(table),
): string[] {
  const existing = `SELECT "id" FROM ${table} WHERE "migration_name" = ${quoteLiteral(record.name)} AND "finished_at" IS NOT NULL AND "rolled_back_at" IS NULL LIMIT 1`;
  const id = `coalesce((${existing}), ${quoteLiteral(record.id)})`;
  return [...guard, insert(table, record, { id, finished_at: NOW, applied_steps_count: '1' })];
}

/** The row of a migration that failed, which may be there already: what PostgreSQL said goes into it. */
export function insertFailed(table: string, record: MigrationRecord, logs: string): string[] {
  const onConflict = ' ON CONFLICT ("id") DO UPDATE SET "logs" = excluded."logs"';
  return [...guardWrite(table), insert(table, record, { logs: quoteLiteral(logs) }, onConflict)];
}

/**
 * The row of a migration that began, as Prisma leaves it when the process dies.
 * @param progress what of it is committed with the row
 */
export function insertStarted(table: string, record: MigrationRecord, progress?: string): string[] {
  const values = progress === undefined ? {} : { logs: quoteLiteral(progress) };
  return [...guardWrite(table), insert(table, record, values)];
}

/** Notes how much of a migration is committed, or what it failed of after that. */
export function updateProgress(table: string, record: MigrationRecord, progress: string): string[] {
  return update(table, record, { logs: quoteLiteral(progress) });
}

/**
 * Completes the row of a migration that was recorded when it began; its script may have been mended since, and may have
 * deleted the row.
 */
export function completeRecord(
  table: string,
  record: MigrationRecord,
  guard: readonly string[] = guardWrite(table),
): string[] {
  const values = { finished_at: NOW, logs: 'NULL', applied_steps_count: '1' };
  const list = ['checksum', ...Object.keys(values)].map((name) => `"${name}" = excluded."${name}"`);
  const onConflict = ` ON CONFLICT ("id") DO UPDATE SET ${list.join(', ')}`;
  return [...guard, insert(table, record, values, onConflict)];
}

/** The table of the history, as Prisma makes it. */
export function createHistory(table: string): string {
  return `CREATE TABLE ${table} (
    "id" varchar(36) PRIMARY KEY NOT NULL,
    "checksum" varchar(64) NOT NULL,
    "finished_at" timestamptz,
    "migration_name" varchar(255) NOT NULL,
    "logs" text,
    "rolled_back_at" timestamptz,
    "started_at" timestamptz NOT NULL DEFAULT pg_catalog.now(),
    "applied_steps_count" integer NOT NULL DEFAULT 0)`;
}

/** Takes back the row of a migration of which nothing was applied. */
export function deleteRecord(table: string, record: MigrationRecord): string[] {
  return [...guardWrite(table), `DELETE FROM ${table} WHERE "id" = ${quoteLiteral(record.id)}`];
}

/** The same for a role that may not delete: Prisma tries a migration again whose record is marked so. */
export function updateRolledBack(table: string, record: MigrationRecord): string[] {
  return update(table, record, { rolled_back_at: NOW });
}

/**
 * Sends the statements of a record outside of a script.
 * @param before what undoes a script's effects on the session
 */
export async function recordAlone(
  session: Session,
  statements: readonly string[],
  before: readonly string[] = [],
): Promise<void> {
  await session.query([READ_COMMITTED, ...before, ...statements].join('; '));
}

function update(table: string, record: MigrationRecord, values: Readonly<Record<string, string>>): string[] {
  const list = Object.entries(values).map(([name, value]) => `${quoteIdentifier(name)} = ${value}`);
  const sql = `UPDATE ${table} SET ${list.join(', ')} WHERE "id" = ${quoteLiteral(record.id)}`;
  return [...guardWrite(table), sql];
}

function insert(
  table: string,
  record: MigrationRecord,
  extra: Readonly<Record<string, string>>,
  onConflict = '',
): string {
  const values = {
    id: quoteLiteral(record.id),
    checksum: quoteLiteral(record.checksum),
    started_at: 'pg_catalog.now()',
    migration_name: quoteLiteral(record.name),
    ...extra,
  };
  const columns = Object.keys(values).map((name) => quoteIdentifier(name));
  return `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${Object.values(values).join(', ')})${onConflict}`;
}

function guardWrite(table: string): string[] {
  return guardHistory(table, 'ROW EXCLUSIVE');
}
