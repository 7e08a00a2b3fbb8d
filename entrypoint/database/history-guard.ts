import pg from 'pg';
import type { BootError } from '../core/errors.ts';
import { quoteLiteral, SAFE_PATH } from '../postgres/session.ts';
import { DOUBT, IS_OBVIOUS } from './history-doubt.ts';
import { type HistoryDoubt, historyRefused, isReason } from './history-table.ts';
import { queryAsXml } from './lazy-query.ts';

const PREPARED = 'zarpe_history_guard';
const INVALID_STATEMENT_NAME = '26000';
const UNTRUSTED = 'the history is not trusted: ';

/**
 * The first statement of a message that writes a record alone: what is asked after the lock sees what was done before it, and
 * a script that makes transactions read-only from then on can be recorded.
 * A script keeps the isolation that it was written for, and takes the lock before its first query instead.
 */
export const READ_COMMITTED = 'SET TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE';

/** A query, as SQL of text without the oid of the table, that fails where there is a doubt: PostgreSQL plans it for 4 ms. */
const REFUSAL =
  quoteLiteral(`SELECT coalesce('${UNTRUSTED}' || (${DOUBT})::pg_catalog.text, '1')::pg_catalog.int4
    FROM pg_catalog.pg_class AS c WHERE c.oid = `);

/** Keeps the history as it is to the end of the transaction: to write keeps triggers from being made, to read a swap. */
export function lockHistory(table: string, access: 'ACCESS SHARE' | 'ROW EXCLUSIVE'): string {
  return `LOCK TABLE ${table} IN ${access} MODE`;
}

/**
 * Statements that fail where another role has a hand in the history by now, under a safe search path. What was found out
 * earlier may be over: who owns the schema can put another table there, who has TRIGGER on it makes one.
 */
export function guardHistory(table: string, access: 'ACCESS SHARE' | 'ROW EXCLUSIVE'): string[] {
  return [lockHistory(table, access), refuseDoubt(table)];
}

/** Prepares the question of the guard in a session: to parse and plan it costs more than to answer it. */
export function prepareGuard(table: string): string {
  return `PREPARE ${PREPARED} AS ${refuseDoubt(table)}`;
}

/** The guard of a write, where it is prepared. */
export function preparedGuard(table: string): string[] {
  return [lockHistory(table, 'ROW EXCLUSIVE'), `EXECUTE ${PREPARED}`];
}

/** Whether an error says that nothing is prepared any more. */
export function isGuardGone({ code, message }: pg.DatabaseError): boolean {
  return code === INVALID_STATEMENT_NAME && message.includes(PREPARED);
}

/** The same statements behind a script, which may have set any search path, and goes on with that. */
export function underSafePath(statements: readonly string[]): string[] {
  return [
    "SELECT pg_catalog.set_config('zarpe.search_path', pg_catalog.current_setting('search_path'), true)",
    `SET LOCAL search_path = ${SAFE_PATH}`,
    ...statements,
    "SELECT pg_catalog.set_config('search_path', pg_catalog.current_setting('zarpe.search_path'), true)",
  ];
}

/** The table is looked up by its name whenever this is run. */
function refuseDoubt(table: string): string {
  return `SELECT CASE WHEN ${IS_OBVIOUS} THEN '' ELSE ${queryAsXml(`${REFUSAL} || c.oid`)} END
    FROM pg_catalog.pg_class AS c WHERE c.oid = ${quoteLiteral(table)}::pg_catalog.text::pg_catalog.regclass`;
}

/** What it was that such a statement failed of; undefined for any other error. */
export function refusedByGuard(error: unknown, schema: string | null): BootError | undefined {
  const doubt = error instanceof pg.DatabaseError ? readDoubt(error.message) : undefined;
  return doubt && historyRefused(schema, doubt);
}

function readDoubt(message: string): HistoryDoubt | undefined {
  const [, json] = new RegExp(`${UNTRUSTED}(\\[.*\\])`, 's').exec(message) ?? [];
  const [reason, found]: unknown[] = json === undefined ? [] : parse(json);
  return typeof reason === 'string' && isReason(reason) && typeof found === 'string'
    ? [reason, found]
    : undefined;
}

/** A script may fail with a text that only looks like it. */
function parse(json: string): unknown[] {
  try {
    return JSON.parse(json);
  } catch {
    return [];
  }
}
