import type { Statement } from './statements.ts';

/** A unicode name can spell any of the names below. */
const UNICODE_NAME = /\bU&"/i;

/** What ends with the transaction that it stands in, or begins with the next one. */
const AT_THE_END =
  /^SET (?:LOCAL|TRANSACTION|CONSTRAINTS|SESSION CHARACTERISTICS)\b|^SET (?:SESSION )?"?(?:DEFAULT_)?TRANSACTION_|\bON COMMIT (?:DROP|DELETE)\b|^(?:DECLARE|SAVEPOINT)\b|\bSET_CONFIG\b/i;

/** The same in a body, whose text may be in pieces: by one word of each, and by what runs other code. */
const AT_THE_END_OF_BODY =
  /\b(?:LOCAL|(?:DEFAULT_)?TRANSACTION(?:_ISOLATION|_READ_ONLY|_DEFERRABLE)?|CONSTRAINTS|COMMIT|CURSOR|REFCURSOR|OPEN|SET_CONFIG|CALL|PERFORM|EXECUTE(?!\s+(?:FUNCTION|PROCEDURE)\b))\b/i;

const DO = /^DO\b/;
const ROUTINE = /^CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE)\b/;
/** Runs a text that is not in the script. */
const RUNS_UNKNOWN = /^(?:CALL|EXECUTE)\b/;
const QUERY = /^(?:SELECT|VALUES)\b|^WITH\b(?!.*\b(?:INSERT|UPDATE|DELETE|MERGE)\b)/;
const CALLED = /(?:(?<schema>\S+) \. )?(?<name>[A-Z_"][^\s]*) \(/gi;

/** What may stand before a parenthesis in a query: keywords, and functions of PostgreSQL that change no setting. */
const HARMLESS = new Set(
  `ALL AND ANY AS BETWEEN BY CASE DISTINCT ELSE EXCEPT EXISTS FILTER FROM HAVING IN INTERSECT JOIN LATERAL MATERIALIZED NOT ON OR OVER
  SELECT SOME THEN UNION USING VALUES WHEN WHERE WITH
  ABS ARRAY_AGG AVG CAST CEIL CLOCK_TIMESTAMP COALESCE CONCAT COUNT EXTRACT FLOOR FORMAT GENERATE_SERIES GEN_RANDOM_UUID GREATEST LEAST
  LEFT LENGTH LOWER MAX MD5 MIN NEXTVAL NOW NULLIF PG_ADVISORY_XACT_LOCK PG_GET_SERIAL_SEQUENCE PG_NOTIFY PG_SLEEP REPLACE RIGHT ROUND
  ROW_NUMBER SETVAL STRING_AGG SUBSTRING SUM TO_CHAR TO_REGCLASS TRIM UPPER VERSION`.split(/\s+/),
);

/**
 * Whether a statement does what ends with its transaction, such as SET LOCAL, and would not if that went on. What its text
 * does not tell counts as that: the code of a routine of the database, a query that a block puts together.
 */
export function mayEndWithTransaction({ skeleton, bodies }: Statement): boolean {
  if (AT_THE_END.test(skeleton) || UNICODE_NAME.test(skeleton) || RUNS_UNKNOWN.test(skeleton)) return true;
  if (QUERY.test(skeleton)) return callsUnknown(skeleton);
  if (!DO.test(skeleton) && !ROUTINE.test(skeleton)) return false;
  if (bodies.length === 0) return DO.test(skeleton) || /\bAS ''/.test(skeleton);
  return bodies.some((body) => AT_THE_END_OF_BODY.test(body) || UNICODE_NAME.test(body));
}

function callsUnknown(skeleton: string): boolean {
  return [...skeleton.matchAll(CALLED)].some(({ groups: { schema = 'PG_CATALOG', name = '' } = {} }) => {
    return !(schema === 'PG_CATALOG' && HARMLESS.has(name));
  });
}
