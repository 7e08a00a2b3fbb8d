import { quoteIdentifier, quoteLiteral } from '../lib/database/session.ts';

/**
 * A row of `_prisma_migrations` that the engine began, with its values, as the engine chose them. When it began is the
 * server's to say: the engine is ahead of it.
 */
export interface MigrationRecord {
  readonly id: string;
  readonly checksum: string;
  readonly name: string;
}

const INSERT = /^INSERT INTO "_prisma_migrations" \("id","checksum","started_at","migration_name"\)/;

/** The record the engine is about to insert before it runs a script; undefined for any other statement. */
export function readRecord(sql: string, args: readonly unknown[]): MigrationRecord | undefined {
  const [id, checksum, , name] = args;
  if (!INSERT.test(sql)) return undefined;
  if (typeof id !== 'string' || typeof checksum !== 'string' || typeof name !== 'string')
    throw new TypeError('the engine records a migration in a shape that Zarpe does not know');
  return { id, checksum, name };
}

/**
 * The row of a migration that is complete once its transaction is. Where there is such a row already it is its id that
 * is inserted again, which the primary key refuses.
 */
export function insertApplied(table: string, record: MigrationRecord): string {
  const existing = `SELECT "id" FROM ${table} WHERE "migration_name" = ${quoteLiteral(record.name)} AND "finished_at" IS NOT NULL AND "rolled_back_at" IS NULL LIMIT 1`;
  return insert(table, record, {
    id: `coalesce((${existing}), ${quoteLiteral(record.id)})`,
    finished_at: 'clock_timestamp()',
    applied_steps_count: '1',
  });
}

/** The row of a migration that failed, which may be there already: what PostgreSQL said goes into it. */
export function insertFailed(table: string, record: MigrationRecord, logs: string): string {
  return `${insert(table, record, { logs: quoteLiteral(logs) })} ON CONFLICT ("id") DO UPDATE SET "logs" = excluded."logs"`;
}

/** The row of a migration that began, as Prisma leaves it when the process dies. */
export function insertStarted(table: string, record: MigrationRecord): string {
  return insert(table, record, {});
}

/** Completes the row of a migration that was recorded when it began. */
export function updateApplied(table: string, record: MigrationRecord): string {
  return `UPDATE ${table} SET "finished_at" = clock_timestamp(), "applied_steps_count" = 1 WHERE "id" = ${quoteLiteral(record.id)}`;
}

/** Sets the time a migration ended, which the row carries from its beginning. */
export function updateFinishedAt(table: string, record: MigrationRecord): string {
  return `UPDATE ${table} SET "finished_at" = clock_timestamp() WHERE "id" = ${quoteLiteral(record.id)}`;
}

function insert(table: string, record: MigrationRecord, extra: Readonly<Record<string, string>>): string {
  const values = {
    id: quoteLiteral(record.id),
    checksum: quoteLiteral(record.checksum),
    started_at: 'now()',
    migration_name: quoteLiteral(record.name),
    ...extra,
  };
  const columns = Object.keys(values).map((name) => quoteIdentifier(name));
  return `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${Object.values(values).join(', ')})`;
}
