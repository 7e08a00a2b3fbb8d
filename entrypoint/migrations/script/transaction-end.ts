import { type Statement, splitStatements } from './statements.ts';

/** A unicode name can spell any of the names below. */
const UNICODE_NAME = /\bU&"/i;

/** What ends with the transaction that it stands in, or begins with the next one. */
const AT_THE_END =
  /^SET (?:LOCAL|TRANSACTION|CONSTRAINTS|SESSION CHARACTERISTICS)\b|^SET (?:SESSION )?"?(?:DEFAULT_)?TRANSACTION_|\bON COMMIT (?:DROP|DELETE)\b|^(?:DECLARE|SAVEPOINT)\b|\bSET_CONFIG\b/i;

/** The same anywhere in a block, and what runs other code. */
const AT_THE_END_IN_BLOCK =
  /\bSET (?:LOCAL|TRANSACTION|CONSTRAINTS|SESSION CHARACTERISTICS)\b|\bSET (?:SESSION )?"?(?:DEFAULT_)?TRANSACTION_(?:ISOLATION|READ_ONLY|DEFERRABLE)\b|\b(?:COMMIT|CURSOR|REFCURSOR|OPEN|SET_CONFIG|CALL|EXECUTE(?! (?:FUNCTION|PROCEDURE)\b))\b/i;

const ROUTINE = /^CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE)\b/;
const BLOCK = /^DO\b/;
const OTHER_LANGUAGE = /\bLANGUAGE (?!PLPGSQL\b)/;
/** Behind these a statement of a block begins. */
const BEFORE_STATEMENT = /\b(?:BEGIN|DECLARE|THEN|ELSE|LOOP)\b/;
/** Statements of a block in which a parenthesis often follows a name that is not called. */
const WRITES =
  /^ ?(?:(?:INSERT|UPDATE|DELETE|MERGE|CREATE|ALTER|DROP|TRUNCATE|COMMENT|GRANT|REVOKE)\b|WITH\b.*\b(?:INSERT|UPDATE|DELETE|MERGE)\b)/;
/** Runs a text that is not in the script. */
const RUNS_UNKNOWN = /^(?:CALL|EXECUTE)\b/;
const QUERY = /^(?:SELECT|VALUES)\b|^WITH\b(?!.*\b(?:INSERT|UPDATE|DELETE|MERGE)\b)/;
const CALLED = /(?:(?<schema>\S*[^\s.]) \. )?(?<name>[A-Z_"\u0080-\uFFFF][^\s]*) \(/gi;

/** What may stand before a parenthesis: keywords, types, and functions of PostgreSQL that change no setting. */
const HARMLESS = new Set(
  `ALL AND ANY AS BETWEEN BY CASE DISTINCT ELSE EXCEPT EXISTS FILTER FROM HAVING IN INTERSECT JOIN LATERAL MATERIALIZED NOT ON OR OVER
  SELECT SOME THEN UNION USING VALUES WHEN WHERE WITH
  ARRAY ELSIF EXIT IF PERFORM RETURN ROW STRICT WHILE
  BIT CHAR CHARACTER DECIMAL FLOAT INTERVAL NUMERIC TIME TIMESTAMP TIMESTAMPTZ TIMETZ VARBIT VARCHAR VARYING
  ABS ARRAY_AGG ARRAY_LENGTH AVG CARDINALITY CAST CEIL CLOCK_TIMESTAMP COALESCE CONCAT COUNT CURRENT_SETTING CURRVAL DATE_TRUNC
  EXTRACT FLOOR FORMAT GENERATE_SERIES GEN_RANDOM_UUID GREATEST LEAST LEFT LENGTH LOWER MAX MD5 MIN NEXTVAL NOW NULLIF
  PG_ADVISORY_XACT_LOCK PG_GET_SERIAL_SEQUENCE PG_NOTIFY PG_SLEEP POSITION QUOTE_IDENT QUOTE_LITERAL REGEXP_REPLACE REPLACE RIGHT
  ROUND ROW_NUMBER SETVAL SPLIT_PART STRING_AGG SUBSTRING SUM TO_CHAR
  TO_REGCLASS TO_REGTYPE TRIM UNNEST UPPER VERSION`.split(/\s+/),
);

/**
 * Whether a statement does what ends with its transaction, such as SET LOCAL, and would not if that went on. What its text
 * does not tell counts as that: the code of a routine of the database, a query that a block puts together. To define a
 * routine does nothing of that.
 */
export function mayEndWithTransaction({ skeleton, bodies }: Statement): boolean {
  if (ROUTINE.test(skeleton)) return false;
  if (AT_THE_END.test(skeleton) || UNICODE_NAME.test(skeleton) || RUNS_UNKNOWN.test(skeleton)) return true;
  if (QUERY.test(skeleton)) return callsUnknown(skeleton);
  if (!BLOCK.test(skeleton)) return false;
  if (bodies.length === 0 || OTHER_LANGUAGE.test(skeleton)) return true;
  return bodies.flatMap(splitStatements).some(mayEndInBlock);
}

function mayEndInBlock({ skeleton, open }: Statement): boolean {
  if (open || AT_THE_END_IN_BLOCK.test(skeleton) || UNICODE_NAME.test(skeleton)) return true;
  return skeleton.split(BEFORE_STATEMENT).some((part) => !WRITES.test(part) && callsUnknown(part));
}

function callsUnknown(skeleton: string): boolean {
  return [...skeleton.matchAll(CALLED)].some(({ groups: { schema = 'PG_CATALOG', name = '' } = {} }) => {
    return !(schema === 'PG_CATALOG' && HARMLESS.has(name));
  });
}
