/** Histories of migrations as real projects have them: folder name to script. */

const TRICKY_TEXT = `
CREATE TABLE "notes" ("id" SERIAL PRIMARY KEY, "text" TEXT NOT NULL DEFAULT 'a; b''c; -- no comment /* none */');
-- a comment; with a semicolon and an unmatched ' quote
/* a block; /* nested; */ still; ' */
INSERT INTO "notes" ("text") VALUES ('one; two'), (E'it\\'s; three'), ($$four; 'five'$$), ($x$ $$six;$$ $x$);
COMMENT ON TABLE "notes" IS $c$dollar; 'quoted'$c$;
COMMENT ON COLUMN "notes"."text" IS E'line one;\\nline two' ;;
CREATE TABLE "odd "";name" ("col;umn" INT); -- done;`;

export const APP_HISTORY: Record<string, string | Buffer> = {
  '20240101000000_init': `
    CREATE TYPE "Role" AS ENUM ('USER', 'ADMIN');
    CREATE TABLE "users" (
      "id" TEXT NOT NULL,
      "email" TEXT NOT NULL,
      "role" "Role" NOT NULL DEFAULT 'USER',
      "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
      CONSTRAINT "users_pkey" PRIMARY KEY ("id")
    );
    CREATE UNIQUE INDEX "users_email_key" ON "users"("email");
    CREATE TABLE "Post" ("id" SERIAL NOT NULL, "authorId" TEXT NOT NULL, "tags" TEXT[], "data" JSONB,
      CONSTRAINT "Post_pkey" PRIMARY KEY ("id"));
    ALTER TABLE "Post" ADD CONSTRAINT "Post_authorId_fkey" FOREIGN KEY ("authorId") REFERENCES "users"("id")
      ON DELETE RESTRICT ON UPDATE CASCADE;`,
  '20240102000000_tricky_text': TRICKY_TEXT,
  '20240103000000_function_and_trigger': `
    CREATE OR REPLACE FUNCTION touch() RETURNS trigger AS $$
    BEGIN
      IF NEW."email" IS NULL THEN RAISE EXCEPTION 'no; e-mail'; END IF;
      NEW."email" := lower(NEW."email");
      RETURN NEW;
    END;
    $$ LANGUAGE plpgsql;
    CREATE TRIGGER users_touch BEFORE INSERT OR UPDATE ON "users" FOR EACH ROW EXECUTE FUNCTION touch();
    CREATE FUNCTION total(a int, b int) RETURNS int LANGUAGE sql IMMUTABLE BEGIN ATOMIC
      SELECT a + b; SELECT CASE WHEN a > b THEN a ELSE b END; END;
    CREATE PROCEDURE tidy() LANGUAGE plpgsql AS $p$ BEGIN DELETE FROM "notes" WHERE id < 0; COMMIT; END $p$;`,
  '20240104000000_do_block': `
    DO $do$
    DECLARE name text;
    BEGIN
      FOREACH name IN ARRAY ARRAY['red', 'green; blue'] LOOP
        EXECUTE format('CREATE TABLE %I (id int)', 'colour ' || name);
      END LOOP;
    EXCEPTION WHEN duplicate_table THEN RAISE NOTICE 'there already';
    END
    $do$;`,
  '20240105000000_views': `
    CREATE VIEW "Admins" AS SELECT * FROM "users" WHERE "role" = 'ADMIN';
    CREATE MATERIALIZED VIEW "PostCounts" AS SELECT "authorId", count(*) AS n FROM "Post" GROUP BY 1;
    CREATE UNIQUE INDEX ON "PostCounts" ("authorId");
    REFRESH MATERIALIZED VIEW CONCURRENTLY "PostCounts";
    CREATE RULE log_notes AS ON DELETE TO "notes" DO ALSO (SELECT 1; INSERT INTO "notes" ("text") VALUES ('gone;'););`,
  '20240106000000_partitions': `
    CREATE TABLE "events" ("id" BIGINT GENERATED ALWAYS AS IDENTITY, "at" TIMESTAMPTZ NOT NULL, "kind" TEXT,
      "day" DATE GENERATED ALWAYS AS (("at" AT TIME ZONE 'UTC')::date) STORED) PARTITION BY RANGE ("at");
    CREATE TABLE "events_2024" PARTITION OF "events" FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
    CREATE TABLE "events_rest" PARTITION OF "events" DEFAULT;
    CREATE INDEX "events_kind" ON "events" ("kind") WHERE "kind" IS NOT NULL;`,
  '20240107000000_only_comments': '-- This is an empty migration.\n/* nothing; */\n',
  '20240108000000_nothing': '',
  '20240109000000_search_path_changed': `
    CREATE SCHEMA "other";
    SET search_path TO "other";
    CREATE TABLE "in_other" (id int);
    CREATE TYPE "Mood" AS ENUM ('ok');`,
  '20240110000000_after_search_path': 'CREATE TABLE "in_public" (id int);',
  '20240111000000_settings_left_behind': `
    SET statement_timeout = '200ms';
    SET lock_timeout = '1ms';
    SET check_function_bodies = false;
    SET default_transaction_read_only = on;
    SET standard_conforming_strings = off;
    SET TIME ZONE 'Asia/Tokyo';
    SET row_security = off;`,
  '20240112000000_after_settings': `
    SELECT pg_sleep(0.3);
    CREATE TABLE "after_settings" (a text DEFAULT 'back\\slash', b timestamptz DEFAULT '2024-01-01 00:00');`,
  '20240113000000_temporary_and_prepared': `
    CREATE TEMPORARY TABLE "scratch" (id int);
    CREATE TEMPORARY VIEW "scratch_view" AS SELECT * FROM "scratch";
    CREATE TEMPORARY SEQUENCE "scratch_sequence";
    PREPARE p AS SELECT 1;
    DECLARE c CURSOR WITH HOLD FOR SELECT 1;
    LISTEN something;
    SELECT pg_catalog.set_config('zarpe.test', 'left', false);`,
  '20240114000000_after_temporary': `
    CREATE TABLE "scratch" (id text);
    CREATE VIEW "scratch_view" AS SELECT * FROM "scratch";
    CREATE SEQUENCE "scratch_sequence";
    PREPARE p AS SELECT 2;
    DECLARE c CURSOR WITH HOLD FOR SELECT 2;`,
  '20240115000000_role_changed': `
    SET ROLE pg_database_owner;
    RESET ROLE;
    SET SESSION AUTHORIZATION DEFAULT;
    CREATE TABLE "by_whom" (id int);`,
  '20240116000000_wrapped': `-- made by hand
    BEGIN;
    SET LOCAL lock_timeout = '2s';
    CREATE TABLE "wrapped" (id int);
    INSERT INTO "wrapped" VALUES (1);
    COMMIT;`,
  '20240117000000_wrapped_twice': `
    BEGIN; CREATE TABLE "wrapped_a" (id int); COMMIT;
    START TRANSACTION; CREATE TABLE "wrapped_b" (id int); END;`,
  '20240118000000_enum_used_after_commit': `
    ALTER TYPE "Role" ADD VALUE 'OWNER';
    COMMIT;
    ALTER TABLE "users" ALTER COLUMN "role" SET DEFAULT 'OWNER';`,
  '20240119000000_enum_recreated': `
    BEGIN;
    CREATE TYPE "Role_new" AS ENUM ('USER', 'OWNER');
    DROP VIEW "Admins";
    ALTER TABLE "users" ALTER COLUMN "role" DROP DEFAULT;
    ALTER TABLE "users" ALTER COLUMN "role" TYPE "Role_new" USING ("role"::text::"Role_new");
    ALTER TYPE "Role" RENAME TO "Role_old";
    ALTER TYPE "Role_new" RENAME TO "Role";
    DROP TYPE "Role_old";
    ALTER TABLE "users" ALTER COLUMN "role" SET DEFAULT 'USER';
    COMMIT;`,
  '20240120000000_concurrently': 'CREATE INDEX CONCURRENTLY "Post_tags" ON "Post" USING gin ("tags");',
  '20240121000000_concurrently_dropped': 'DROP INDEX CONCURRENTLY IF EXISTS "events_none";',
  '20240122000000_vacuum': '-- alone\nVACUUM (ANALYZE) "users";',
  '20240123000000_called': 'CALL tidy();',
  '20240124000000_bom': Buffer.from('\uFEFF-- AlterTable\nALTER TABLE "Post" ADD COLUMN "bom" TEXT;\n'),
  '20240125000000_crlf':
    'CREATE TABLE "crlf" (\r\n  "id" INT,\r\n  "text" TEXT DEFAULT \'one\r\ntwo\'\r\n);\r\n',
  '20240126000000_unicode': `CREATE TABLE "日本語_é_😀" ("naïve" TEXT DEFAULT 'Grüße; 😀', U&"d\\0061ta" INT);`,
  '20240127000000_add_things copy': 'CREATE TABLE "copied" (id int);',
  '20240128000000_add_things.sql': 'CREATE TABLE "dotted" (id int);',
  '20240129000000_añadir_cosas': 'CREATE TABLE "accented" (id int);',
  "20240130000000_it's_quoted": 'CREATE TABLE "quoted" (id int);',
  '20240131000000_security': `
    ALTER TABLE "notes" ENABLE ROW LEVEL SECURITY;
    CREATE POLICY "own" ON "notes" FOR SELECT USING (length("text") > 0);
    CREATE DOMAIN "Email" AS TEXT CHECK (VALUE ~ '^[^@;]+@[^@;]+$');
    ALTER TABLE "Post" ADD COLUMN "contact" "Email", ADD CONSTRAINT "id_positive" CHECK ("id" > 0) NOT VALID;
    ALTER TABLE "Post" VALIDATE CONSTRAINT "id_positive";
    GRANT SELECT ON "Post" TO PUBLIC;
    ALTER DEFAULT PRIVILEGES IN SCHEMA "other" GRANT SELECT ON TABLES TO PUBLIC;
    CREATE STATISTICS "post_stats" ON "id", "authorId" FROM "Post";`,
  '9_sorts_last_bytewise': 'ALTER TABLE "in_public" ADD COLUMN "last" INT;',
  Zebra_before_lower_case: 'ALTER TABLE "in_public" ADD COLUMN "z" INT;',
  apple_at_the_very_end: 'ALTER TABLE "in_public" DROP COLUMN "z", ADD COLUMN "apple" INT;',
};

/** As `pg_dump -s` writes it, and what people put behind it. */
export const DUMPED_HISTORY: Record<string, string | Buffer> = {
  '00000000000000_baseline': `--
-- PostgreSQL database dump
--

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
SET default_tablespace = '';
SET default_table_access_method = heap;

CREATE FUNCTION public.full_name(first text, last text) RETURNS text
    LANGUAGE plpgsql
    AS $$
begin
  return first || ' ' || last;
end;
$$;

CREATE TABLE public.accounts (
    id bigint NOT NULL,
    name text DEFAULT 'a;b'::text NOT NULL
);

CREATE SEQUENCE public.accounts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.accounts_id_seq OWNED BY public.accounts.id;
ALTER TABLE ONLY public.accounts ALTER COLUMN id SET DEFAULT nextval('public.accounts_id_seq'::regclass);
ALTER TABLE ONLY public.accounts ADD CONSTRAINT accounts_pkey PRIMARY KEY (id);

--
-- PostgreSQL database dump complete
--
`,
  '20240101000000_unqualified': 'ALTER TABLE accounts ADD COLUMN email text; CREATE TABLE "later" (id int);',
};
