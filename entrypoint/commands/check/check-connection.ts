import { describeTarget } from '../../lib/connection-settings.ts';
import { quoteLiteral } from '../../lib/database/session.ts';
import { BootError } from '../../lib/errors.ts';
import type { Database } from '../../prisma/database.ts';
import { historyTable } from '../../prisma/survey.ts';
import { type Finding, failures, ok, warning } from './finding.ts';

const OLDEST_SUPPORTED = 13;

/** The server's version, what stands between, and how the connection is protected. */
export function checkConnection(database: Database): Finding[] {
  const { session, state } = database;
  const { settings, encrypted } = session;
  const target = describeTarget(settings);
  const version = Math.floor(state.server.versionNum / 10_000);
  const findings: Finding[] = [
    version < OLDEST_SUPPORTED
      ? warning(
          'database',
          `PostgreSQL ${state.server.version} at ${target} is older than ${OLDEST_SUPPORTED}, the oldest that still had fixes when this was written`,
        )
      : ok('database', `PostgreSQL ${state.server.version} at ${target}`),
  ];
  if (database.isPooled) {
    findings.push(
      warning(
        'database',
        'there is a pooler in between: set DIRECT_URL to the server itself. Migrations that cannot be one transaction need it',
      ),
    );
  }
  const isLocal = /^(?:\/|localhost$|127\.|::1$)/.test(settings.host);
  const verifies = settings.tls.mode.startsWith('verify');
  if (!encrypted)
    findings.push(
      (isLocal ? ok : warning)('database', `the connection is not encrypted (sslmode=${settings.tls.mode})`),
    );
  else
    findings.push(
      (verifies || isLocal ? ok : warning)(
        'database',
        `the connection is encrypted${verifies ? ' and the server verified' : `, the server not verified (sslmode=${settings.tls.mode}; verify-full does)`}`,
      ),
    );
  return findings;
}

/** What the role will need to migrate. */
export async function checkPrivileges({ session, state }: Database, pending: number): Promise<Finding[]> {
  const schema = state.schema;
  const [row] = await session.query<{
    schema_exists: boolean;
    create_schema: boolean;
    create_in: boolean | null;
    history: boolean | null;
  }>(`
    select s.oid is not null as schema_exists,
      has_database_privilege(current_database(), 'CREATE') as create_schema,
      has_schema_privilege(s.oid, 'CREATE') as create_in,
      has_table_privilege(to_regclass(${quoteLiteral(historyTable(schema))}), 'SELECT, INSERT, UPDATE') as history
    from (select (select oid from pg_namespace where nspname = ${quoteLiteral(schema ?? '')}) as oid) as s`);
  const lacks = [
    ...(row?.schema_exists === false && !row.create_schema
      ? [`CREATE on the database, for the schema "${schema}" that is not there`]
      : []),
    ...(row?.create_in === false ? [`CREATE on the schema "${schema}"`] : []),
    ...(row?.history === false ? ['SELECT, INSERT and UPDATE on _prisma_migrations'] : []),
  ];
  if (lacks.length === 0)
    return [ok('database', `role "${state.server.role}" has the privileges that migrations need`)];
  const message = `role "${state.server.role}" lacks ${lacks.join('; ')}`;
  if (pending === 0) return [warning('database', `${message}: the next migration will fail`)];
  return failures(
    'database',
    new BootError('DATABASE_ACCESS_REFUSED', {
      what: session.settings.source,
      expected: `role "${state.server.role}" to have what ${pending} pending migrations need`,
      got: `a lack of ${lacks.join('; ')}`,
      action: 'Grant it, or give another role in DIRECT_URL.',
    }),
  );
}
