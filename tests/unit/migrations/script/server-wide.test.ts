import { describe, expect, test } from 'vitest';
import { parseScript } from '../../../../entrypoint/migrations/script/script.ts';
import { findServerWide } from '../../../../entrypoint/migrations/script/server-wide.ts';

const find = (sql: string) => findServerWide(parseScript(sql));

describe('what a script does to more than its own database is found', () => {
  test.each([
    'CREATE ROLE a',
    'create user a',
    '/* c */ ALTER ROLE a SET search_path = app',
    'ALTER USER CURRENT_USER PASSWORD NULL',
    'DROP GROUP a',
    'DROP ROLE IF EXISTS "On"',
    'GRANT a TO b',
    'GRANT "a", c TO b WITH ADMIN OPTION',
    'REVOKE ADMIN OPTION FOR a FROM b',
    'GRANT CONNECT ON DATABASE app TO a',
    'REVOKE ALL ON DATABASE "app" FROM PUBLIC',
    'GRANT CREATE ON TABLESPACE t TO a',
    'GRANT SET ON PARAMETER work_mem TO a',
    'REASSIGN OWNED BY a TO b',
    'DROP OWNED BY a',
    'CREATE DATABASE d',
    "ALTER DATABASE app SET timezone = 'UTC'",
    "CREATE TABLESPACE t LOCATION '/t'",
    "ALTER SYSTEM SET work_mem = '1GB'",
    "COMMENT ON ROLE a IS 'x'",
    "COMMENT ON DATABASE app IS 'x'",
    "SECURITY LABEL FOR selinux ON ROLE a IS 'x'",
    "CREATE SUBSCRIPTION s CONNECTION 'host=a' PUBLICATION p",
    'DROP SUBSCRIPTION s',
    "CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'a')",
    'CREATE USER MAPPING FOR a SERVER s',
    'IMPORT FOREIGN SCHEMA public FROM SERVER s INTO f',
    "COPY t TO PROGRAM 'rm -rf /'",
    "COPY t FROM PROGRAM 'cat'",
    "COPY (SELECT 1) TO '/file' WITH (FORMAT csv)",
    "PREPARE TRANSACTION 'x'",
    "SELECT dblink_exec('host=a', 'DELETE FROM t')",
    `SELECT * FROM public."dblink" ('a', 'b') AS t (n int)`,
    "SELECT lo_export(1, '/file')",
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity',
    "SELECT pg_create_logical_replication_slot('s', 'pgoutput')",
    'DO $$ BEGIN CREATE ROLE a; END $$',
    "DO 'BEGIN CREATE ROLE a; END'",
    'DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles) THEN CREATE ROLE a LOGIN; END IF; END $$',
    "DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || quote_ident(current_database()) || ' SET x.y = 1'; END $$",
    "DO $$ BEGIN EXECUTE format('GRANT CONNECT ON DATABASE %I TO a', current_database()); END $$",
    'DO $$ BEGIN EXECUTE $q$ CREATE USER a $q$; END $$',
    "DO 'BEGIN EXECUTE ''CREATE ROLE a''; END'",
    'DO LANGUAGE plpython3u $$ import os $$',
    "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM dblink('a', 'b'); END $$",
    "CREATE OR REPLACE PROCEDURE p() LANGUAGE plpgsql AS 'BEGIN CREATE ROLE a; END'",
  ])('%s', (sql) => {
    expect(find(`CREATE TABLE before (n int);\n${sql}; SELECT 1`)).toEqual([
      { at: 1, what: expect.any(String) },
    ]);
  });
});

describe('what stays in its own database is not', () => {
  test.each([
    'GRANT SELECT ON t TO a',
    'GRANT ALL ON ALL TABLES IN SCHEMA public TO a WITH GRANT OPTION',
    'REVOKE CREATE ON SCHEMA public FROM PUBLIC',
    'ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO a',
    'CREATE TABLE "user" (role text)',
    'CREATE TABLE users (copy text, "to" text)',
    'ALTER TABLE a OWNER TO b',
    'CREATE POLICY p ON t TO a USING (true)',
    "INSERT INTO t VALUES ('CREATE ROLE a')",
    "COMMENT ON TABLE t IS 'ALTER SYSTEM'",
    '-- CREATE ROLE a\nSELECT 1',
    'COPY t FROM STDIN',
    "COPY t TO STDOUT WITH (DELIMITER ',')",
    'CREATE SCHEMA s AUTHORIZATION a',
    'CREATE PUBLICATION p FOR ALL TABLES',
    'CREATE EXTENSION dblink',
    'DO $$ BEGIN -- like CREATE ROLE\n NULL; END $$',
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'cannot create user %', NEW.id; END $$",
    "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'GRANT SELECT ON t TO a'",
    'DO $$ BEGIN INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING; GRANT SELECT ON t TO a; END $$',
    'SELECT prepare, transaction FROM t',
  ])('%s', (sql) => {
    expect(find(sql)).toEqual([]);
  });
});
