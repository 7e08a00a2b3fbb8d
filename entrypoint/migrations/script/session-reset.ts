import { SAFE_PATH } from '../../postgres/session.ts';
import { liftTimeLimits } from '../../postgres/time-limits.ts';
import type { Statement } from './statements.ts';

const RESET = [
  'SET SESSION AUTHORIZATION DEFAULT',
  'RESET ROLE',
  'RESET ALL',
  'CLOSE ALL',
  'UNLISTEN *',
  'DISCARD TEMP',
  'DISCARD SEQUENCES',
];

/**
 * Lets the server notice within a minute that the machine of its client is gone without a word; until then it keeps that
 * client's locks, and as it comes that is two hours.
 */
export const NOTICE_LOST_MACHINE = `SELECT pg_catalog.set_config(name, value, false) FROM (VALUES ('tcp_keepalives_idle', '30'),
  ('tcp_keepalives_interval', '10'), ('tcp_keepalives_count', '3'), ('tcp_user_timeout', '60000')) AS wanted (name, value)
  WHERE pg_catalog.current_setting(name, true) IS NOT NULL`;

/** Undoes what a script may have left in the session, whose search path is the safe one again; keeps advisory locks, which DISCARD ALL would not. */
export const RESET_SESSION: readonly string[] = [
  ...RESET,
  `SET SESSION search_path = ${SAFE_PATH}`,
  'DEALLOCATE ALL',
  NOTICE_LOST_MACHINE,
  liftTimeLimits(),
];

/** The same where the session is a pooler's: statements that other clients have prepared by the protocol stay. */
export const RESET_POOLED: readonly string[] = [
  ...RESET,
  `DO $$ DECLARE prepared pg_catalog.text; BEGIN
    FOR prepared IN SELECT name FROM pg_catalog.pg_prepared_statements WHERE from_sql LOOP
      EXECUTE pg_catalog.format('DEALLOCATE %I', prepared);
    END LOOP;
  END $$`,
];

const PLAIN =
  /^(?:CREATE (?:UNLOGGED )?TABLE|CREATE (?:UNIQUE )?INDEX|CREATE TYPE|CREATE (?:OR REPLACE )?(?:TRIGGER|VIEW)|ALTER (?:TABLE|TYPE)|DROP (?:TABLE|INDEX|TYPE)|COMMENT ON|INSERT INTO|UPDATE|DELETE FROM)\b/;

const FUNCTION = /^CREATE (?:OR REPLACE )?FUNCTION\b/;
const ENDS_WITH_TRANSACTION =
  /^(?:SET (?:LOCAL|TRANSACTION|CONSTRAINTS)|SAVEPOINT|RELEASE|ROLLBACK|LOCK)\b|\bON COMMIT DROP\b/;
const DO = /^DO\b/;
/** A trigger may run a function as soon as there is one. Of a body that is an ordinary string only the fact is known. */
const CHANGES_SESSION = /^(?:SET_CONFIG|PG_TEMP|PG_ADVISORY_UNLOCK(?:_ALL)?)$/;
const MAY_SET = /\b(?:SET|RESET|DISCARD|SET_CONFIG|PG_ADVISORY_UNLOCK(?:_ALL)?)\b/i;
const MAY_LEAVE = /\b(?:SET|RESET|DISCARD|SET_CONFIG|TEMP|TEMPORARY|LISTEN|PREPARE|LOAD)\b/i;

/** Whether all a script does is plain schema and data work, so that the session is after it what it was before. */
export function leavesSessionAlone(statements: readonly Statement[]): boolean {
  return statements.every(isPlain);
}

/** Whether what follows these statements can run in another session: the same, and blocks that name no setting. */
export function isResumableAfter(statements: readonly Statement[]): boolean {
  return statements.every((statement) => {
    if (ENDS_WITH_TRANSACTION.test(statement.skeleton)) return true;
    if (!DO.test(statement.skeleton)) return isPlain(statement);
    return statement.bodies.length > 0 && !statement.bodies.some((body) => MAY_LEAVE.test(body));
  });
}

function isPlain({ skeleton, words, bodies }: Statement): boolean {
  if (FUNCTION.test(skeleton)) return bodies.length > 0 && !bodies.some((body) => MAY_SET.test(body));
  return PLAIN.test(skeleton) && !words.some((word) => CHANGES_SESSION.test(word));
}
