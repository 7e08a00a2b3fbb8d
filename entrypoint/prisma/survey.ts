import * as z from 'zod/mini';
import { quoteIdentifier, quoteLiteral, type Session } from '../lib/database/session.ts';
import { faultPoint } from '../lib/fault-point.ts';
import type { HistoryRow } from './history.ts';

export const HISTORY_TABLE = '_prisma_migrations';
/** Rows are counted no further than this: the count decides, it does not report. */
export const COUNT_LIMIT = 1000;

/** What was found about the rows of the user table. */
export type SeedCount =
  | { readonly kind: 'counted'; readonly table: string; readonly rows: number }
  | { readonly kind: 'missing'; readonly tables: readonly string[] }
  | { readonly kind: 'unreadable'; readonly table: string; readonly reason: string };

/** Everything the boot asks of a database, read at one instant. */
export interface Survey {
  readonly server: {
    readonly version: string;
    /** Such as 170004. */
    readonly versionNum: number;
    readonly standby: boolean;
    readonly readOnly: boolean;
    readonly role: string;
    /** The process id of the backend, to compare with the one the connection was told. */
    readonly pid: number;
  };
  /** The schema `_prisma_migrations` is in, or will be; null where the search path names none that exists. */
  readonly schema: string | null;
  /** Rows of `_prisma_migrations`; null where the table is not there. */
  readonly history: readonly HistoryRow[] | null;
  readonly seed: SeedCount;
}

const RowSchema = z.tuple([
  z.string(),
  z.string(),
  z.string(),
  z.boolean(),
  z.boolean(),
  z.nullable(z.string()),
]);
const FactsSchema = z.object({
  version: z.string(),
  versionNum: z.number(),
  standby: z.boolean(),
  readOnly: z.boolean(),
  role: z.string(),
  pid: z.number(),
  schema: z.nullable(z.string()),
  history: z.nullable(z.string()),
  seedTable: z.nullable(z.string()),
  seedReason: z.nullable(z.string()),
  seedRows: z.nullable(z.string()),
});

/**
 * Reads history, seed count and server facts in one query. The tables may not be there, which a plain query could not
 * be parsed for: `query_to_xml` runs a query given as text, and only where its table is.
 * @param seedTables candidates for the user table, the first that is there counts
 */
export async function survey(session: Session, seedTables: readonly string[]): Promise<Survey> {
  faultPoint('survey:before');
  const rows = await session.query<{ facts: unknown }>(surveyQuery(session.settings.schema, seedTables));
  faultPoint('survey:after');
  const facts = FactsSchema.parse(rows[0]?.facts);
  const { version, versionNum, standby, readOnly, role, pid } = facts;
  return {
    server: { version, versionNum, standby, readOnly, role, pid },
    schema: facts.schema,
    history: facts.history === null ? null : parseHistory(facts.history),
    seed: readSeed(facts, seedTables),
  };
}

function readSeed(facts: z.infer<typeof FactsSchema>, tables: readonly string[]): SeedCount {
  const { seedTable: table, seedReason: reason, seedRows: rows } = facts;
  if (table === null) return { kind: 'missing', tables };
  if (reason !== null || rows === null)
    return { kind: 'unreadable', table, reason: reason ?? 'no count came back' };
  return { kind: 'counted', table, rows: Number(cell(rows)) };
}

function parseHistory(xml: string): HistoryRow[] {
  const parsed = z.array(RowSchema).parse(JSON.parse(cell(xml) || '[]'));
  return parsed.map(([name, checksum, startedAt, finished, rolledBack, logs]) => ({
    name,
    checksum,
    startedAt,
    finished,
    rolledBack,
    logs,
  }));
}

/** The only cell of a `query_to_xml` result, unescaped. */
function cell(xml: string): string {
  const text = /<cell>([\s\S]*)<\/cell>/.exec(xml)?.[1] ?? '';
  const entities: Readonly<Record<string, string>> = {
    lt: '<',
    gt: '>',
    amp: '&',
    quot: '"',
    '#x0D': '\r',
    '#xD': '\r',
  };
  return text.replace(/&(lt|gt|amp|quot|#x0?D);/g, (_, entity: string) => entities[entity] ?? '');
}

function surveyQuery(schema: string | undefined, seedTables: readonly string[]): string {
  const regclass = (table: string) => quoteLiteral(qualify(schema, table));
  const candidates = seedTables
    .map((table, index) => `(${index}, to_regclass(${regclass(table)}))`)
    .join(', ');
  const history = `select json_agg(json_build_array(migration_name, checksum, started_at, finished_at is not null,
    rolled_back_at is not null, case when finished_at is null then logs end) order by started_at)::text as cell from `;
  return `select json_build_object(
    'version', current_setting('server_version'),
    'versionNum', current_setting('server_version_num')::int,
    'standby', pg_is_in_recovery(),
    'readOnly', current_setting('transaction_read_only')::bool,
    'role', current_user,
    'pid', pg_backend_pid(),
    'schema', ${schema === undefined ? `coalesce((select relnamespace::regnamespace::name from pg_class where oid = history.id), current_schema())` : quoteLiteral(schema)},
    'history', case when history.id is not null then
      query_to_xml(${quoteLiteral(history)} || history.id::regclass, true, false, '')::text end,
    'seedTable', users.id::regclass::text,
    'seedReason', case
      when not has_table_privilege(users.id, 'SELECT') then 'the role may not read it'
      when row_security_active(users.id) then 'row level security hides rows from the role' end,
    'seedRows', case when has_table_privilege(users.id, 'SELECT') and not row_security_active(users.id) then
      query_to_xml('select count(*) as cell from (select from ' || users.id::regclass || ' limit ${COUNT_LIMIT}) as t', true, false, '')::text end
  ) as facts
  from (select to_regclass(${regclass(HISTORY_TABLE)}) as id) as history
  left join (select id from (values ${candidates}) as c(rank, id) where id is not null order by rank limit 1) as users on true`;
}

/** A table as SQL names it, in the schema where one is given. */
export function qualify(schema: string | null | undefined, table: string): string {
  const name = quoteIdentifier(table);
  return schema === undefined || schema === null ? name : `${quoteIdentifier(schema)}.${name}`;
}

export function historyTable(schema: string | null): string {
  return qualify(schema, HISTORY_TABLE);
}
