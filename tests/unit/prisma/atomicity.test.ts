import { describe, expect, test } from 'vitest';
import { isConcurrent, judgeAtomicity } from '../../../entrypoint/prisma/atomicity.ts';
import { splitStatements } from '../../../entrypoint/prisma/statements.ts';

const judge = (script: string) => judgeAtomicity(splitStatements(script));

describe('a script is one transaction with its record', () => {
  test.each([
    '',
    '-- nothing but a comment',
    'CREATE TABLE a (id int); ALTER TABLE a ADD b text; DROP TABLE c',
    "INSERT INTO a SELECT 1; UPDATE a SET b = 'VACUUM'; DELETE FROM a; MERGE INTO a USING b ON true WHEN MATCHED THEN DO NOTHING",
    'WITH x AS (SELECT 1) SELECT * FROM x; (SELECT 1) UNION (SELECT 2); VALUES (1); TABLE a',
    "CREATE TYPE e AS ENUM ('a'); ALTER TYPE e ADD VALUE 'b'",
    'CREATE INDEX i ON a (b); CREATE UNIQUE INDEX u ON a (b); DROP INDEX i',
    'CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$',
    'CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END',
    'DO $$ BEGIN PERFORM 1; END $$',
    'CREATE VIEW v AS SELECT 1; CREATE MATERIALIZED VIEW m AS SELECT 1; REFRESH MATERIALIZED VIEW CONCURRENTLY m',
    'CREATE EXTENSION citext; COMMENT ON TABLE a IS $$CONCURRENTLY$$; GRANT SELECT ON a TO b; REVOKE ALL ON a FROM b',
    'SET search_path = app; SET LOCAL lock_timeout = 0; RESET ALL; SHOW search_path; SET ROLE b',
    "SELECT pg_catalog.set_config('search_path', '', false)",
    'LOCK TABLE a; TRUNCATE a; ANALYZE a; EXPLAIN SELECT 1',
    'CREATE TABLE "concurrently" (id int); ALTER TABLE a RENAME TO "Vacuum"',
    'BEGIN; CREATE TABLE a (id int); COMMIT;',
    'begin transaction; CREATE TABLE a (id int); end work',
    '-- a comment\nSET lock_timeout = 0; START TRANSACTION; CREATE TABLE a (id int); COMMIT WORK -- done',
    'BEGIN; COMMIT',
    'PREPARE p AS SELECT 1; EXECUTE p; DEALLOCATE p; DECLARE c CURSOR FOR SELECT 1; FETCH c; CLOSE c',
    'NOTIFY a; LISTEN b; UNLISTEN *; DISCARD TEMP; SECURITY LABEL ON TABLE a IS NULL; REASSIGN OWNED BY a TO b',
    'CHECKPOINT; a statement of a later version, or a misspelt one; SELEC 1',
    'CREATE PUBLICATION p FOR ALL TABLES; DROP PUBLICATION p',
  ])('%s', (script) => {
    expect(judge(script)).toEqual({ atomic: true });
  });
});

describe('a script cannot be one transaction', () => {
  test.each([
    ['CREATE INDEX CONCURRENTLY i ON a (b)', 0, 'CONCURRENTLY'],
    [
      'CREATE TABLE a (b int);\ncreate unique /* x */ index concurrently if not exists i on a (b)',
      1,
      'CONCURRENTLY',
    ],
    ['DROP INDEX CONCURRENTLY i', 0, 'CONCURRENTLY'],
    ['REINDEX INDEX CONCURRENTLY i', 0, 'CONCURRENTLY'],
    ['ALTER TABLE a DETACH PARTITION b CONCURRENTLY', 0, 'CONCURRENTLY'],
    ['VACUUM', 0, 'VACUUM'],
    ['VACUUM (FULL) a', 0, 'VACUUM'],
    ["ALTER SYSTEM SET work_mem = '1MB'", 0, 'ALTER SYSTEM'],
    ['CREATE DATABASE d', 0, 'CREATE or DROP DATABASE'],
    ['DROP DATABASE d', 0, 'CREATE or DROP DATABASE'],
    ['ALTER DATABASE d SET TABLESPACE t', 0, 'ALTER DATABASE'],
    ["CREATE TABLESPACE t LOCATION '/t'", 0, 'CREATE or DROP TABLESPACE'],
    ["CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p", 0, 'SUBSCRIPTION'],
    ['REINDEX DATABASE d', 0, 'REINDEX'],
    ['CLUSTER', 0, 'CLUSTER'],
    ['DISCARD ALL', 0, 'DISCARD ALL'],
    ['CALL p()', 0, 'CALL of a procedure, which may commit'],
    ['DO $$ BEGIN COMMIT; END $$', 0, 'a DO block that commits or rolls back'],
    ['DO $$ BEGIN CALL p(); END $$', 0, 'a DO block that commits or rolls back'],
    ["DO 'BEGIN NULL; END'", 0, 'a DO block that commits or rolls back'],
    ['SELECT 1; COMMIT; SELECT 2', 1, 'its own transaction control'],
    ['BEGIN; SELECT 1; COMMIT; SELECT 2', 0, 'its own transaction control'],
    ['BEGIN; SELECT 1; COMMIT; BEGIN; SELECT 2; COMMIT', 0, 'its own transaction control'],
    ['BEGIN; SELECT 1', 0, 'its own transaction control'],
    ['BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1; COMMIT', 0, 'its own transaction control'],
    ['BEGIN; SELECT 1; COMMIT AND CHAIN', 0, 'its own transaction control'],
    ['BEGIN; SELECT 1; ROLLBACK', 0, 'its own transaction control'],
    ['SELECT 1; ROLLBACK; SELECT 2', 1, 'its own transaction control'],
    ['BEGIN; SAVEPOINT a; RELEASE a; COMMIT', 1, 'its own transaction control'],
    ["BEGIN; SELECT 1; PREPARE TRANSACTION 'x'", 0, 'its own transaction control'],
    ['SET TRANSACTION ISOLATION LEVEL SERIALIZABLE', 0, 'SET TRANSACTION'],
    ['SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY', 0, 'SET TRANSACTION'],
    ['BEGIN; CREATE INDEX CONCURRENTLY i ON a (b); COMMIT', 1, 'CONCURRENTLY'],
  ])('%s', (script, at, reason) => {
    expect(judge(script)).toEqual({ atomic: false, at, reason });
  });
});

test('a script that builds an index concurrently may wait for its locks', () => {
  expect(isConcurrent(splitStatements('CREATE INDEX CONCURRENTLY i ON a (b)'))).toBe(true);
  expect(
    isConcurrent(splitStatements("CREATE INDEX i ON a (b) -- CONCURRENTLY\n; SELECT 'CONCURRENTLY'")),
  ).toBe(false);
});
