import { isTrusted } from '../../database/trust.ts';
import { quoteIdentifier, quoteLiteral, SAFE_PATH } from '../../postgres/session.ts';
import { liftForTransaction } from '../../postgres/time-limits.ts';

/** Under what a script runs; an undefined bound is none of ours. */
export interface ScriptLimits {
  readonly schema: string | undefined;
  readonly lockTimeoutMs: number | undefined;
  readonly statementTimeoutMs: number | undefined;
  /** Of the server. */
  readonly versionNum: number;
  /** Whether the server can look, while it works, if the client is still there: a killed one then frees its locks. */
  readonly noticesLostClient: boolean;
}

/** The statements that set the bounds, for the transaction or the session, whose time limits of the role are lifted already. */
export function scriptSettings(options: ScriptLimits, scope: 'LOCAL' | 'SESSION'): string[] {
  const list = scope === 'LOCAL' ? liftForTransaction(options.versionNum) : [];
  if (options.noticesLostClient) list.push(`SET ${scope} client_connection_check_interval = '2s'`);
  if (options.lockTimeoutMs !== undefined) list.push(`SET ${scope} lock_timeout = ${options.lockTimeoutMs}`);
  if (options.statementTimeoutMs !== undefined)
    list.push(`SET ${scope} statement_timeout = ${options.statementTimeoutMs}`);
  return list;
}

/** All that a script runs under where it commits by itself, for a session of ours. */
export function sessionSettings(options: ScriptLimits): string {
  return [...scriptSettings(options, 'SESSION'), scriptPath(options, 'SESSION')].join('; ');
}

/** Where a script finds what it names without a schema: in the one of the connection string, or as the role has it. */
export function scriptPath({ schema }: ScriptLimits, scope: 'LOCAL' | 'SESSION'): string {
  return `SET ${scope} search_path ${schema === undefined ? 'TO DEFAULT' : `= ${quoteIdentifier(schema)}`}`;
}

/**
 * Where the statements of a push find what they name: in PostgreSQL's own schema, which comes first where it is not named, in the
 * schema that they were planned for, and where the role has it. Not in one named as the role that another role has made meanwhile,
 * and last among temporary tables, which behind a pooler are another client's.
 */
export function pushPath(limits: ScriptLimits, planned: string): string[] {
  const path = `select pg_catalog.concat_ws(', ', pg_catalog.string_agg(pg_catalog.quote_ident(name), ', '), 'pg_temp')
    from pg_catalog.unnest(array[${quoteLiteral(planned)}] || pg_catalog.current_setting('zarpe.schemas')::text[]) as name
    where name <> 'pg_catalog' and name !~ '^pg_temp_' and (name = ${quoteLiteral(planned)} or name <> current_user
      or exists (select from pg_catalog.pg_namespace as n where n.nspname = name and ${isTrusted('n.nspowner')}))`;
  return [
    scriptPath(limits, 'LOCAL'),
    "SELECT pg_catalog.set_config('zarpe.schemas', pg_catalog.current_schemas(false)::pg_catalog.text, true)",
    `SET LOCAL search_path = ${SAFE_PATH}`,
    `SELECT pg_catalog.set_config('search_path', (${path}), true)`,
  ];
}
