/**
 * The kinds of migration that PostgreSQL does not run in one transaction, or that control transactions of their own. An
 * index build, and what reads rows with `slow`, takes 10 ms a row without the processor, so that there is time to strike.
 *
 *     const { before, script, bySight } = kind.write('17', 120);     // names that end in 17, tables of 120 rows
 */
export interface AutocommitKind {
  /** Its row in the table of results. */
  title: string;
  write(id: string, rows: number): AutocommitScript;
  /** What its backend waits for in the middle of it (`pg_stat_activity.wait_event`). */
  waitsFor?: 'PgSleep' | 'virtualxid';
  /** A table whose reader it waits for there. */
  reader?: (id: string) => string;
  /** It builds an index that may be there, valid, before its record is: the next start keeps that one. */
  keepsIndexes?: boolean;
  /** Ends what it leaves open, before what it made is looked at. */
  end?: (id: string) => string;
  /** What it makes is of the server, not of a database: one at a time. */
  isOfServer?: boolean;
}

export interface AutocommitScript {
  /** A migration of its own that comes before. */
  before: string;
  script: string;
  /** Of the kinds that may need a person: how that one settles it. */
  bySight?: BySight;
}

export interface BySight {
  /** A query that answers `applied`: whether all of it is in the database. */
  applied: string;
  /** A query that answers with the statements (`sql`) that take away what is half there. */
  undo: string;
}

function items(id: string, rows: number, more = ''): string {
  return `CREATE FUNCTION slow_${id}(n INTEGER) RETURNS INTEGER IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_sleep(0.01); RETURN n; END $$;
CREATE TABLE items_${id} (n INTEGER NOT NULL, label TEXT NOT NULL DEFAULT 'a');
INSERT INTO items_${id} SELECT g FROM generate_series(1, ${rows}) AS g;
${more}`;
}

const slowIndex = (id: string) => `CREATE INDEX items_${id}_slow ON items_${id} (slow_${id}(n));\n`;
const update = (id: string) => `UPDATE items_${id} SET label = label || 'b' WHERE slow_${id}(n) % 2 = 0`;

function createIndex(title: string, write: (id: string) => string): AutocommitKind {
  return {
    title,
    waitsFor: 'PgSleep',
    keepsIndexes: true,
    write: (id, rows) => ({ before: items(id, rows), script: write(id) }),
  };
}

/** A statement that works on a table with an index that takes time. */
function maintain(title: string, write: (id: string) => string): AutocommitKind {
  return {
    title,
    waitsFor: 'PgSleep',
    write: (id, rows) => ({ before: items(id, rows, slowIndex(id)), script: write(id) }),
  };
}

function inTransactions(
  title: string,
  write: (id: string) => string,
  more?: (id: string) => string,
): AutocommitKind {
  return {
    title,
    waitsFor: 'PgSleep',
    write: (id, rows) => ({ before: items(id, rows, more?.(id)), script: write(id) }),
  };
}

/** Their outcome is looked up. */
const STANDALONE: readonly AutocommitKind[] = [
  createIndex(
    'CREATE INDEX CONCURRENTLY',
    (id) => `CREATE INDEX CONCURRENTLY new_${id} ON items_${id} (slow_${id}(n), label) WHERE n > 2;`,
  ),
  createIndex(
    'CREATE UNIQUE INDEX CONCURRENTLY',
    (id) => `-- CreateIndex
CREATE UNIQUE INDEX CONCURRENTLY "new_${id}" ON "items_${id}"(slow_${id}("n") DESC);`,
  ),
  createIndex(
    'CREATE INDEX CONCURRENTLY IF NOT EXISTS',
    (id) =>
      `create index concurrently if not exists new_${id} on public.items_${id} using btree (slow_${id}(n))`,
  ),
  createIndex(
    'CREATE INDEX CONCURRENTLY, without a name',
    (id) => `CREATE INDEX CONCURRENTLY ON items_${id} (slow_${id}(n), n);`,
  ),
  {
    title: 'DROP INDEX CONCURRENTLY',
    waitsFor: 'virtualxid',
    reader: (id) => `items_${id}`,
    write: (id, rows) => ({
      before: items(id, rows, `CREATE INDEX old_${id} ON items_${id} (label);`),
      script: `DROP INDEX CONCURRENTLY old_${id};`,
    }),
  },
  maintain('REINDEX INDEX CONCURRENTLY', (id) => `REINDEX INDEX CONCURRENTLY items_${id}_slow;`),
  maintain('REINDEX TABLE CONCURRENTLY', (id) => `REINDEX (VERBOSE) TABLE CONCURRENTLY items_${id};`),
  {
    title: 'DETACH PARTITION CONCURRENTLY',
    waitsFor: 'virtualxid',
    reader: (id) => `parted_${id}`,
    write: (id, rows) => ({
      before: `CREATE TABLE parted_${id} (n INTEGER NOT NULL) PARTITION BY RANGE (n);
CREATE TABLE parted_${id}_a PARTITION OF parted_${id} FOR VALUES FROM (0) TO (10);
CREATE TABLE parted_${id}_b PARTITION OF parted_${id} FOR VALUES FROM (10) TO (1000);
INSERT INTO parted_${id} SELECT generate_series(1, ${rows});`,
      script: `ALTER TABLE parted_${id} DETACH PARTITION parted_${id}_a CONCURRENTLY;`,
    }),
  },
  maintain('VACUUM', (id) => `VACUUM (ANALYZE) items_${id};`),
  maintain('ANALYZE', (id) => `ANALYZE items_${id};`),
  maintain('CLUSTER', (id) => `CLUSTER items_${id} USING items_${id}_slow;`),
  {
    title: 'CREATE DATABASE',
    isOfServer: true,
    write: (id) => ({ before: `CREATE TABLE items_${id} ();`, script: `CREATE DATABASE made_${id};` }),
  },
];

/** They go on after what is committed. */
const TRANSACTIONS: readonly AutocommitKind[] = [
  inTransactions(
    'BEGIN and COMMIT, one pair',
    (id) => `BEGIN;
CREATE TABLE pair_${id} (n INTEGER);
${update(id)};
INSERT INTO pair_${id} SELECT n FROM items_${id};
COMMIT;`,
  ),
  inTransactions(
    'BEGIN and COMMIT, several pairs with statements around',
    (id) => `CREATE TABLE one_${id} (n INTEGER);
BEGIN;
INSERT INTO one_${id} VALUES (1);
CREATE TABLE two_${id} (n INTEGER);
COMMIT;
INSERT INTO two_${id} VALUES (2);
START TRANSACTION;
${update(id)};
END;
INSERT INTO one_${id} SELECT n FROM two_${id};`,
  ),
  inTransactions(
    'AlterEnum of Prisma',
    (id) => `/*
  Warnings:
  - The values [TWO] on the enum will be removed.
*/
-- AlterEnum
BEGIN;
CREATE TYPE "Kind_${id}_new" AS ENUM ('ONE', 'THREE');
ALTER TABLE "typed_${id}" ALTER COLUMN "kind" DROP DEFAULT;
ALTER TABLE "typed_${id}" ALTER COLUMN "kind" TYPE "Kind_${id}_new" USING ("kind"::text::"Kind_${id}_new");
ALTER TYPE "Kind_${id}" RENAME TO "Kind_${id}_old";
ALTER TYPE "Kind_${id}_new" RENAME TO "Kind_${id}";
DROP TYPE "Kind_${id}_old";
ALTER TABLE "typed_${id}" ALTER COLUMN "kind" SET DEFAULT 'ONE';
COMMIT;

-- AlterTable
${update(id)};
ALTER TABLE "typed_${id}" ADD COLUMN "more" TEXT;`,
    (id) => `CREATE TYPE "Kind_${id}" AS ENUM ('ONE', 'TWO');
CREATE TABLE "typed_${id}" (n INTEGER, kind "Kind_${id}" NOT NULL DEFAULT 'ONE');
INSERT INTO "typed_${id}" SELECT generate_series(1, 5);`,
  ),
  inTransactions(
    'a new enum value, used after COMMIT',
    (id) => `ALTER TYPE kind_${id} ADD VALUE 'three';
COMMIT;
CREATE TABLE typed_${id} (n INTEGER, kind kind_${id} DEFAULT 'three');
INSERT INTO typed_${id} VALUES (1);
COMMIT;
${update(id)};
INSERT INTO typed_${id} VALUES (2);`,
    (id) => `CREATE TYPE kind_${id} AS ENUM ('one', 'two');`,
  ),
  inTransactions(
    'SET TRANSACTION',
    (id) => `BEGIN;
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;
CREATE TABLE level_${id} AS SELECT current_setting('transaction_isolation') AS level;
${update(id)};
COMMIT;
CREATE TABLE after_${id} AS SELECT current_setting('transaction_isolation') AS level;`,
  ),
  inTransactions(
    'SET LOCAL in a transaction before the last',
    (id) => `BEGIN;
SET LOCAL datestyle = 'German';
CREATE TABLE local_${id} AS SELECT '2026-01-31'::date::text AS day;
COMMIT;
BEGIN;
${update(id)};
INSERT INTO local_${id} SELECT '2026-01-31'::date::text;
COMMIT;`,
  ),
  inTransactions(
    'locks of the session released in a transaction before the last',
    (id) => `BEGIN;
DO $$ BEGIN PERFORM pg_advisory_unlock_all(); END $$;
SET LOCAL datestyle = 'German';
${update(id)};
COMMIT;
BEGIN;
${update(id)};
COMMIT;`,
  ),
  inTransactions(
    'ON COMMIT DROP',
    (id) => `BEGIN;
CREATE TEMPORARY TABLE scratch_${id} ON COMMIT DROP AS SELECT 1 AS n;
CREATE TABLE kept_${id} AS SELECT n FROM scratch_${id};
COMMIT;
BEGIN;
CREATE TEMPORARY TABLE scratch_${id} ON COMMIT DROP AS SELECT 2 AS n;
${update(id)};
INSERT INTO kept_${id} SELECT n FROM scratch_${id};
COMMIT;`,
  ),
  inTransactions(
    'deferred constraints',
    (id) => `BEGIN;
INSERT INTO child_${id} VALUES (1);
INSERT INTO parent_${id} VALUES (1);
COMMIT;
BEGIN;
SET CONSTRAINTS ALL DEFERRED;
INSERT INTO child_${id} VALUES (2);
${update(id)};
INSERT INTO parent_${id} VALUES (2);
COMMIT;
ALTER TABLE child_${id} ADD COLUMN more TEXT;`,
    (id) => `CREATE TABLE parent_${id} (n INTEGER PRIMARY KEY);
CREATE TABLE child_${id} (n INTEGER REFERENCES parent_${id} DEFERRABLE INITIALLY DEFERRED);`,
  ),
  inTransactions(
    'savepoints',
    (id) => `BEGIN;
CREATE TABLE saved_${id} (n INTEGER);
SAVEPOINT before;
INSERT INTO saved_${id} VALUES (1);
ROLLBACK TO SAVEPOINT before;
INSERT INTO saved_${id} VALUES (2);
${update(id)};
RELEASE before;
COMMIT;`,
  ),
];

/** Killed after they may have committed, only a person can tell how far they came: the comment comes last. */
const BY_HAND: readonly AutocommitKind[] = [
  byHand(
    'CALL of a procedure that commits',
    (id) => `CALL fill_${id}();`,
    (id) => `CREATE PROCEDURE fill_${id}() LANGUAGE plpgsql AS $$ BEGIN
  CREATE TABLE half_${id} (n INTEGER);
  COMMIT;
  ${finish(id)};
END $$;`,
  ),
  byHand(
    'DO block that commits',
    (id) => `DO $$ BEGIN
  CREATE TABLE half_${id} (n INTEGER);
  COMMIT;
  ${finish(id)};
END $$;`,
  ),
  byHand(
    'script with ROLLBACK',
    (id) => `BEGIN;
CREATE TABLE tried_${id} (n INTEGER);
ROLLBACK;
CREATE TABLE half_${id} (n INTEGER);
${finish(id)};`,
  ),
  byHand(
    'script with COMMIT AND CHAIN',
    (id) => `BEGIN ISOLATION LEVEL REPEATABLE READ;
CREATE TABLE half_${id} (n INTEGER);
COMMIT AND CHAIN;
${finish(id)};
COMMIT;`,
  ),
  {
    title: 'script with PREPARE TRANSACTION (may need a person)',
    waitsFor: 'PgSleep',
    end: (id) => `COMMIT PREPARED 'prepared_${id}'`,
    write: (id, rows) => ({
      before: items(id, rows),
      script: `BEGIN;
CREATE TABLE half_${id} (n INTEGER);
${finish(id)};
PREPARE TRANSACTION 'prepared_${id}';
CREATE TABLE after_${id} (n INTEGER);`,
      bySight: {
        applied: `SELECT to_regclass('after_${id}') IS NOT NULL AS applied`,
        undo: `SELECT format('ROLLBACK PREPARED %L', gid) AS sql FROM pg_prepared_xacts WHERE gid = 'prepared_${id}'`,
      },
    }),
  },
];

function byHand(title: string, write: (id: string) => string, more?: (id: string) => string): AutocommitKind {
  const kind = inTransactions(`${title} (may need a person)`, write, more);
  return {
    ...kind,
    write: (id, rows) => ({
      ...kind.write(id, rows),
      bySight: {
        applied: `SELECT coalesce(obj_description(to_regclass('half_${id}')) = 'whole', false) AS applied`,
        undo: `SELECT 'DROP TABLE IF EXISTS half_${id}' AS sql`,
      },
    }),
  };
}

/** In one transaction. */
function finish(id: string): string {
  return `${update(id)};
  INSERT INTO half_${id} SELECT n FROM items_${id};
  COMMENT ON TABLE half_${id} IS 'whole'`;
}

export const AUTOCOMMIT_KINDS: readonly AutocommitKind[] = [...STANDALONE, ...TRANSACTIONS, ...BY_HAND];
