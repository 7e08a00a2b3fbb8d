import { describe, expect, test } from 'vitest';
import { parseScript } from '../../../../entrypoint/migrations/script/script.ts';
import { mayHaveCommitted } from '../../../../entrypoint/migrations/script/script-plan.ts';

/** The plan of a script in short: what is tried first, and what is done where the server refuses that. */
function plan(script: string) {
  const { mode, autocommit, misplaced } = parseScript(script).plan;
  const parts: string[] = [mode, autocommit.kind];
  if (autocommit.kind === 'standalone') parts.push(autocommit.statement.kind);
  if (autocommit.kind === 'transactions')
    parts.push(autocommit.transactions.map(({ statements }) => statements.length).join('+'));
  if (misplaced.length > 0) parts.push(`misplaced ${misplaced.join(',')}`);
  return parts.join(' ');
}

describe('a script of several statements without control of its own is one transaction, and nothing else', () => {
  test.each([
    'CREATE TABLE a (id int); ALTER TABLE a ADD b text; DROP TABLE c',
    "INSERT INTO a SELECT 1; UPDATE a SET b = 'VACUUM'; DELETE FROM a",
    "CREATE TYPE e AS ENUM ('a'); ALTER TYPE e ADD VALUE 'b'",
    'CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$; SELECT 1',
    'CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END; SELECT 1',
    'CREATE MATERIALIZED VIEW m AS SELECT 1; REFRESH MATERIALIZED VIEW CONCURRENTLY m',
    'COMMENT ON TABLE a IS $$CONCURRENTLY$$; GRANT SELECT ON a TO b',
    'CREATE TABLE "concurrently" (id int); ALTER TABLE a RENAME TO "Vacuum"',
    'SET search_path = app; SET LOCAL lock_timeout = 0; RESET ALL',
    'DO $$ BEGIN COMMIT; END $$; SELECT 1',
    'CALL p(); CALL q()',
    '',
    '-- nothing but a comment',
  ])('%s', (script) => {
    expect(plan(script)).toBe('transaction none');
  });
});

describe('one statement whose outcome can be looked up', () => {
  test.each([
    ['CREATE INDEX CONCURRENTLY i ON a (b)', 'create index'],
    [
      'create unique /* x */ index concurrently if not exists i on only "s"."A" using gin (b) where c',
      'create index',
    ],
    ['CREATE INDEX CONCURRENTLY ON a (b)', 'create index'],
    ['DROP INDEX CONCURRENTLY IF EXISTS "s".i', 'drop index'],
    ['REINDEX INDEX CONCURRENTLY i', 'reindex'],
    ['REINDEX (VERBOSE) TABLE CONCURRENTLY t', 'reindex'],
    ['REINDEX (CONCURRENTLY) TABLE t', 'reindex'],
    ['REINDEX DATABASE d', 'reindex'],
    ['ALTER TABLE a DETACH PARTITION b CONCURRENTLY', 'detach'],
    ['VACUUM (FULL) a', 'repeatable'],
    ["ALTER SYSTEM SET work_mem = '1MB'", 'repeatable'],
    ['CREATE DATABASE d', 'create'],
    ['DROP DATABASE IF EXISTS d', 'drop'],
    ["CREATE TABLESPACE t LOCATION '/t'", 'create'],
    ['DISCARD ALL', 'repeatable'],
  ])('%s runs in autocommit mode at once', (script, kind) => {
    expect(plan(script)).toBe(`autocommit standalone ${kind}`);
  });

  test.each([
    ['CLUSTER', 'repeatable'],
    ['ANALYZE a', 'repeatable'],
    ['REINDEX TABLE t', 'reindex'],
    ['ALTER DATABASE d SET TABLESPACE t', 'repeatable'],
    ["CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p", 'create'],
  ])('%s is tried in a transaction first', (script, kind) => {
    expect(plan(script)).toBe(`transaction standalone ${kind}`);
  });
});

test.each([
  ['CALL p()', 'transaction whole'],
  ['DO $$ BEGIN CALL p(); END $$', 'transaction whole'],
  ["DO 'BEGIN NULL; END'", 'transaction whole'],
  ['DO $$ BEGIN COMMIT; END $$', 'autocommit whole'],
  ['DROP INDEX CONCURRENTLY i, j', 'autocommit whole'],
  ['SELECT 1', 'transaction whole'],
  ["COMMIT PREPARED 'x'", 'autocommit whole'],
  ['ROLLBACK', 'autocommit whole'],
  ['ABORT', 'autocommit whole'],
  ["PREPARE TRANSACTION 'x'", 'autocommit whole'],
  ['COMMIT', 'transaction transactions 0'],
])('one statement that may commit by itself: %s is %s', (script, expected) => {
  expect(plan(script)).toBe(expected);
});

describe('transactions of a script’s own', () => {
  test.each([
    ['BEGIN; CREATE TABLE a (id int); COMMIT;', '1'],
    ['begin transaction; SELECT 1; SELECT 2; end work', '2'],
    ["SELECT 1; BEGIN; SELECT 2; COMMIT; SELECT 'x'", '1+1+1'],
    ["ALTER TYPE e ADD VALUE 'b'; COMMIT; UPDATE t SET e = 'b'", '1+1'],
    ['BEGIN; SAVEPOINT a; SELECT 1; ROLLBACK TO a; RELEASE a; COMMIT', '4'],
    ['BEGIN; SET LOCAL lock_timeout = 0; SELECT 1; COMMIT', '2'],
    ['BEGIN; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; SELECT 1; COMMIT', '2'],
    ['SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; SELECT 1', '2'],
    ['BEGIN; COMMIT', '0'],
  ])('%s is tried as one', (script, sizes) => {
    expect(plan(script)).toBe(`transaction transactions ${sizes}`);
  });

  test.each([
    'BEGIN; SET LOCAL lock_timeout = 0; SELECT 1; COMMIT; SELECT 2',
    'BEGIN; CREATE TEMP TABLE t ON COMMIT DROP AS SELECT 1; COMMIT; CREATE TABLE t (n int)',
    'BEGIN; SET CONSTRAINTS ALL DEFERRED; COMMIT; SELECT 1',
    'BEGIN; DECLARE c CURSOR FOR SELECT 1; COMMIT; DECLARE c CURSOR FOR SELECT 1',
    'BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1; COMMIT',
    'BEGIN; SELECT "set_config"(a, b, true) FROM c; COMMIT; SELECT 1',
    'BEGIN; SAVEPOINT a; SELECT 1; COMMIT; BEGIN; ROLLBACK TO a; COMMIT',
    'BEGIN; SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE; COMMIT; SELECT 1',
    "SET default_transaction_isolation = 'serializable'; COMMIT; SELECT 1",
    "SET transaction_isolation = 'serializable'; SELECT 1; COMMIT; SELECT 1",
  ])('%s runs as it is written: something ends with its first transaction', (script) => {
    expect(plan(script)).toMatch(/^autocommit transactions /);
  });

  test.each([
    'DO $$ BEGIN SET LOCAL search_path = a; END $$',
    'DO $$ BEGIN SET /* x */ LOCAL search_path = a; END $$',
    "DO $$ BEGIN PERFORM set_config('a.b', 'c', true); END $$",
    `DO $$ DECLARE x text := "set_config"('a.b', 'c', true); BEGIN NULL; END $$`,
    `DO $$ DECLARE x text := U&"set\\005Fconfig"('a.b', 'c', true); BEGIN NULL; END $$`,
    "DO $$ BEGIN EXECUTE 'SET LO' || 'CAL search_path = a'; END $$",
    'DO $$ BEGIN CREATE TEMP TABLE t (n int) ON COMMIT DROP; END $$',
    'DO $$ BEGIN SET CONSTRAINTS ALL IMMEDIATE; END $$',
    'DO $$ BEGIN CALL p(); END $$',
    "DO $$ DECLARE r refcursor := 'c'; BEGIN OPEN r FOR SELECT 1; END $$",
    "DO 'BEGIN SET LOCAL search_path = a; END'",
    "DO E'BEGIN NULL; END'",
    "DO LANGUAGE plpython3u $$ plpy.execute('SET ' 'LOCAL search_path = a') $$",
    'DO $$ BEGIN PERFORM f(); END $$',
    'DO $$ DECLARE n int := s.f(); BEGIN NULL; END $$',
    'DO $$ DECLARE n int; BEGIN IF now() IS NULL THEN n := f(); END IF; END $$',
    'DO $$ BEGIN FOR r IN SELECT * FROM f() LOOP INSERT INTO a (n) VALUES (1); END LOOP; END $$',
    'DO $$ BEGIN SET transaction_isolation = serializable; END $$',
    'CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ SET LOCAL search_path = a $$; SELECT f()',
    'SELECT f()',
    'SELECT ñ()',
    'SELECT "my schema".now()',
    'SELECT * FROM s.f(1)',
    'SELECT "now"()',
    'SELECT U&"f"',
    'WITH a AS (SELECT f()) SELECT * FROM a',
    'CALL p()',
    'EXECUTE p',
  ])('of what %s does, something may end with the transaction: they run one by one', (statements) => {
    expect(plan(`BEGIN; ${statements}; COMMIT; BEGIN; SELECT 1; COMMIT`)).toMatch(
      /^autocommit transactions /,
    );
    expect(plan(`BEGIN; SELECT 1; COMMIT; ${statements}`)).toMatch(/^transaction transactions /);
  });

  test.each([
    'DO $$ BEGIN CREATE TABLE a (n int); UPDATE a SET n = 1; END $$',
    'DO $$ BEGIN CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION f(); END $$',
    'CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql SET search_path = a AS $$ BEGIN RETURN NEW; END $$',
    'CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1',
    'CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ SET LOCAL search_path = a $$; SELECT 1',
    "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'SET LOCAL search_path = a'; SELECT 1",
    "CREATE OR REPLACE PROCEDURE f() LANGUAGE sql BEGIN ATOMIC SELECT set_config('a.b', 'c', true); END; SELECT 1",
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('a', NEW.id::text); EXECUTE q; RETURN NEW; END $$",
    "DO $$ BEGIN PERFORM setval('s', (SELECT coalesce(max(id), 1) FROM a)); END $$",
    "DO $$ -- not local\n BEGIN /* PERFORM f(), SET LOCAL */ RAISE NOTICE 'SET LOCAL, EXECUTE f()'; END $$",
    'DO $$ BEGIN INSERT INTO transaction (n) VALUES (1); UPDATE transaction SET n = f(2); END $$',
    `DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'r') THEN CREATE TYPE "r" AS ENUM ('a'); END IF;
       EXCEPTION WHEN duplicate_object THEN NULL; END $$`,
    'DO LANGUAGE plpgsql $$ DECLARE x varchar(10); n numeric(10, 2) := 1; BEGIN FOR i IN 1..cardinality(y) LOOP n := round(n); END LOOP; END $$',
    'SELECT id::varchar(36), id::character varying(36) FROM a',
    "SELECT pg_catalog.setval('s', (SELECT coalesce(max(id), 1) FROM a))",
    'WITH b (n) AS (SELECT f()) INSERT INTO a (n) SELECT n FROM b',
    'SET search_path = a',
  ])('nothing that %s does ends with the transaction: they are tried as one', (statements) => {
    expect(plan(`BEGIN; ${statements}; COMMIT; BEGIN; SELECT 1; COMMIT`)).toMatch(
      /^transaction transactions /,
    );
  });

  test.each([
    'BEGIN; SELECT 1; COMMIT AND CHAIN; SELECT 2; COMMIT',
    'BEGIN; SELECT 1; ROLLBACK',
    'SELECT 1; ROLLBACK; SELECT 2',
    'BEGIN; SELECT 1; ABORT',
    "BEGIN; SELECT 1; PREPARE TRANSACTION 'x'",
    'BEGIN; SELECT 1',
    'BEGIN; BEGIN; COMMIT',
    'SAVEPOINT a; SELECT 1',
    'BEGIN READ ONLY; SELECT 1; COMMIT; SELECT 2',
    'BEGIN; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY; SELECT 1; COMMIT',
    'SELECT 1; SET transaction_read_only = on',
    'SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; COMMIT; SELECT 1',
    'BEGIN; SET default_transaction_read_only = on; COMMIT; SELECT 1',
  ])('%s is sent as it is written', (script) => {
    expect(plan(script)).toBe('autocommit whole');
  });
});

test.each([
  ['CREATE TABLE a (b int);\nCREATE INDEX CONCURRENTLY i ON a (b)', 'transaction none misplaced 1'],
  ['VACUUM; VACUUM', 'transaction none misplaced 0,1'],
  ["BEGIN; SELECT 1; PREPARE TRANSACTION 'x'; COMMIT PREPARED 'x'", 'autocommit whole misplaced 3'],
  ['BEGIN; CREATE INDEX CONCURRENTLY i ON a (b); COMMIT', 'transaction none misplaced 1'],
])('statements that PostgreSQL only runs alone are named: %s', (script, expected) => {
  expect(plan(script)).toBe(expected);
});

test.each([
  ['SELECT 1; COMMIT; SELECT 2', 0, false],
  ['SELECT 1; COMMIT; SELECT 2', 1, false],
  ['SELECT 1; COMMIT; SELECT 2', 2, true],
  ['BEGIN; SELECT 1; ROLLBACK TO a; SELECT 1/0; ROLLBACK', 3, false],
  ["BEGIN; PREPARE TRANSACTION 'x'; SELECT 1", 2, true],
  ['CALL p()', 0, true],
  ['DO $$ BEGIN COMMIT; END $$', 0, true],
  ['CREATE INDEX i ON a (b)', 0, false],
])('%s, failed at statement %i, may have committed something: %s', (script, failedAt, expected) => {
  expect(mayHaveCommitted(parseScript(script).statements, failedAt)).toBe(expected);
});

test.each([
  ['BEGIN; SELECT 1', 0],
  ['SELECT 1; COMMIT; START TRANSACTION READ WRITE; SAVEPOINT a; ROLLBACK TO a; RELEASE a', 2],
  ['BEGIN; SELECT 1; COMMIT AND CHAIN; SELECT 2', 2],
  ['BEGIN; SELECT 1; ROLLBACK WORK AND CHAIN', 2],
  ['BEGIN; SELECT 1; COMMIT AND NO CHAIN; SELECT 2', undefined],
  ['BEGIN; BEGIN; SELECT 1; END; SELECT 2', undefined],
  ['BEGIN; SELECT 1; ABORT', undefined],
  ["BEGIN; SELECT 1; PREPARE TRANSACTION 'x'", undefined],
  ['CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; END; SELECT 1', undefined],
  ['SELECT 1; SELECT 2', undefined],
])('a script that ends inside a transaction is known by the statement that began it: %s', (script, at) => {
  expect(parseScript(script).plan.leftOpenBy).toBe(at);
});
