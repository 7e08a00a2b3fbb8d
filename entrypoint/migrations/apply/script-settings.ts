import { quoteIdentifier, quoteLiteral } from '../../postgres/session.ts';

/** Under what a script runs; an undefined bound is none of ours. */
export interface ScriptLimits {
  readonly schema: string | undefined;
  readonly lockTimeoutMs: number | undefined;
  readonly statementTimeoutMs: number | undefined;
  /** Whether the server can look, while it works, if the client is still there: a killed one then frees its locks. */
  readonly noticesLostClient: boolean;
}

/** The statements that set the bounds, for the transaction or the session. */
export function scriptSettings(options: ScriptLimits, scope: 'LOCAL' | 'SESSION'): string[] {
  const list: string[] = [];
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

/** Where the statements of a push find what they name: first in the schema that they were planned for. */
export function pushPath(limits: ScriptLimits, planned: string): string[] {
  const rest = "pg_catalog.current_setting('search_path')";
  const [alone, first] = [quoteIdentifier(planned), `${quoteIdentifier(planned)}, `].map(quoteLiteral);
  const path = `case when ${rest} operator(pg_catalog.=) '' then ${alone} else pg_catalog.concat(${first}, ${rest}) end`;
  return [scriptPath(limits, 'LOCAL'), `SELECT pg_catalog.set_config('search_path', ${path}, true)`];
}
