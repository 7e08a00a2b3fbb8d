import { BootError } from '../../core/errors.ts';
import type { Database } from '../../database/database.ts';
import { historyTable } from '../../database/history-table.ts';
import { quoteLiteral } from '../../postgres/session.ts';
import { arePending } from './history-errors.ts';

/** What the role lacks for migrations. */
export interface MissingPrivileges {
  /** Without these no migration can be recorded. */
  readonly toRecord: readonly string[];
  /** Without these a migration that creates something fails. */
  readonly toCreate: readonly string[];
}

const NO_SCHEMA = 'a schema for _prisma_migrations: its search path names none that exists';

/** Refuses, before anything is applied, what could not be recorded. */
export async function refuseMissingPrivileges(database: Database, pending: number): Promise<void> {
  if (pending === 0) return;
  const { toRecord } = await findMissingPrivileges(database);
  if (toRecord.length > 0) throw lacksPrivileges(database, toRecord, pending);
}

export async function findMissingPrivileges({ session, state }: Database): Promise<MissingPrivileges> {
  const { schema, history } = state;
  if (schema === null) return { toRecord: [NO_SCHEMA], toCreate: [] };
  const [row] = await session.query<{
    schema_exists: boolean;
    create_schema: boolean;
    create_in: boolean | null;
    history: boolean | null;
  }>(`
    select s.oid is not null as schema_exists,
      pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') as create_schema,
      pg_catalog.has_schema_privilege(s.oid, 'CREATE') as create_in,
      pg_catalog.has_table_privilege(pg_catalog.to_regclass(${quoteLiteral(historyTable(schema))}), 'SELECT')
        and pg_catalog.has_table_privilege(pg_catalog.to_regclass(${quoteLiteral(historyTable(schema))}), 'INSERT')
        and pg_catalog.has_table_privilege(pg_catalog.to_regclass(${quoteLiteral(historyTable(schema))}), 'UPDATE') as history
    from (select (select oid from pg_catalog.pg_namespace where nspname = ${quoteLiteral(schema)}) as oid) as s`);
  const toCreate =
    row?.schema_exists === false && !row.create_schema
      ? [`CREATE on the database, for the schema "${schema}", which does not exist`]
      : row?.create_in === false
        ? [`CREATE on the schema "${schema}"`]
        : [];
  if (history === null) return { toRecord: toCreate, toCreate: [] };
  return {
    toRecord: row?.history === false ? ['SELECT, INSERT and UPDATE on _prisma_migrations'] : [],
    toCreate,
  };
}

export function lacksPrivileges(
  { session, state }: Database,
  lacks: readonly string[],
  pending: number,
): BootError {
  const { user, direct } = session.settings.source;
  return new BootError('DATABASE_ACCESS_REFUSED', {
    message: `Role "${state.server.role}" lacks ${lacks.join('; ')}, and ${arePending(pending)}`,
    hint: lacks.includes(NO_SCHEMA)
      ? `Name the schema in ${[...new Set([user, direct])].join(' or ')} (?schema=public), or create one of those in the search path.`
      : `Grant it, or use another role in ${[...new Set([user, direct])].join(' or ')}.`,
  });
}
