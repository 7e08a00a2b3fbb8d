import { quoteIdentifier, quoteLiteral, type Session } from '../lib/database/session.ts';
import { faultPoint } from '../lib/fault-point.ts';
import { readServerFacts, readSurvey, type ServerFacts, type Survey } from './survey-answer.ts';

export const HISTORY_TABLE = '_prisma_migrations';
/** Rows are counted no further than this: the count decides, it does not report. */
export const COUNT_LIMIT = 1000;

const SERVER_FACTS = `json_build_object(
    'version', current_setting('server_version'),
    'versionNum', current_setting('server_version_num')::int,
    'standby', pg_is_in_recovery(),
    'readOnly', current_setting('transaction_read_only')::bool,
    'role', current_user,
    'pid', pg_backend_pid())`;

/**
 * Reads history, seed count and server facts in one query. The tables may not be there, which a plain query could not
 * be parsed for: `query_to_xml` runs a query given as text, and only where its table is.
 * @param seedTables candidates for the user table, the first that is there counts
 * @param patienceMs how long a table that another session has for itself is waited for; after that, 55P03
 */
export async function survey(
  session: Session,
  seedTables: readonly string[],
  patienceMs: number,
): Promise<Survey> {
  faultPoint('survey:before');
  // One simple query is one transaction: the bounds end with it, behind a pooler too.
  const bounds = `set local lock_timeout = ${patienceMs}; set local statement_timeout = 0`;
  const query = surveyQuery(session.settings.schema, seedTables);
  const rows = await session.query<{ facts: unknown }>(`${bounds}; ${query}`);
  faultPoint('survey:after');
  return readSurvey(rows[0]?.facts, seedTables);
}

/** The part of it that no lock on a table can delay. */
export async function askServer(session: Session): Promise<ServerFacts> {
  const rows = await session.query<{ facts: unknown }>(`select ${SERVER_FACTS} as facts`);
  return readServerFacts(rows[0]?.facts);
}

function surveyQuery(schema: string | undefined, seedTables: readonly string[]): string {
  const regclass = (table: string) => quoteLiteral(qualify(schema, table));
  const candidates = seedTables
    .map((table, index) => `(${index}, to_regclass(${regclass(table)}))`)
    .join(', ');
  const history = `select json_agg(json_build_array(migration_name, checksum, started_at, finished_at is not null,
    rolled_back_at is not null, case when finished_at is null then logs end, case when finished_at is null then id end) order by started_at)::text as cell from `;
  return `select json_build_object(
    'server', ${SERVER_FACTS},
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
