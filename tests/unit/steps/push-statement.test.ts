import { describe, expect, test } from 'vitest';
import { isLossless } from '../../../entrypoint/steps/migrate/lossless-type.ts';
import { readPushStatement } from '../../../entrypoint/steps/migrate/push-statement.ts';

describe('a statement of the schema engine', () => {
  test('tells what it drops and each type that it changes', () => {
    const sql = `ALTER TABLE "one"."t" DROP CONSTRAINT "t_pkey",
DROP COLUMN "e, f",
ADD COLUMN     "a, b" TEXT[] DEFAULT ARRAY['x, ALTER COLUMN "c" SET DATA TYPE DATE']::TEXT[],
ALTER COLUMN "c" SET DATA TYPE DECIMAL(10,2),
ALTER COLUMN "d" SET DEFAULT coalesce(1, 2),
ALTER COLUMN "d" SET DATA TYPE VARCHAR(9)[]`;
    expect(readPushStatement('DROP TABLE "t"')).toEqual([{ table: '"t"' }]);
    expect(readPushStatement(sql)).toEqual([
      { schema: '"one"', table: '"t"', column: '"e, f"' },
      { schema: '"one"', table: '"t"', column: '"c"', type: 'DECIMAL ( 10 , 2 )' },
      { schema: '"one"', table: '"t"', column: '"d"', type: 'VARCHAR ( 9 ) [ ]' },
    ]);
  });

  test.each([
    'DROP TABLE "a"; DROP TABLE "b"',
    'DROP TABLE "a" CASCADE',
    'DROP TYPE "e"""; DROP TABLE "b"; --"',
    'DROP SEQUENCE "e"; ALTER ROLE a SUPERUSER; --"',
    'DROP SCHEMA "a"',
    'DROP EXTENSION "a" CASCADE',
    'DROP EXTENSION "a", "b"',
    'TRUNCATE "a"',
    'DELETE FROM "a"',
    'ALTER TABLE "a" ALTER COLUMN "c" TYPE DATE USING ("c"::date)',
    'ALTER TABLE "a" ALTER COLUMN "c" SET DATA TYPE DATE, DROP COLUMN "b" CASCADE',
    'ALTER TABLE "a" OWNER TO b',
    'ALTER TABLE a ALTER COLUMN "c" SET DATA TYPE DATE',
    '',
    'DROP TABLE "a',
  ])('is not known where it could be another one: %s', (sql) => {
    expect(readPushStatement(sql)).toBeUndefined();
  });
});

test.each([
  ['timestamp(6) without time zone', 'TIMESTAMP ( 3 )'],
  ['timestamp(3) without time zone', 'TIMESTAMPTZ ( 3 )'],
  ['timestamp(3) without time zone', 'TEXT'],
  ['timestamp(3) without time zone', 'DATE'],
  ['double precision', 'TEXT'],
  ['money', 'DECIMAL ( 65 , 30 )'],
  ['numeric', 'DECIMAL ( 65 , 30 )'],
  ['numeric(10,2)', 'DECIMAL ( 10 , 1 )'],
  ['oid', 'INTEGER'],
  ['app.citext', 'TEXT'],
  ['numeric(3,-2)', 'DECIMAL ( 65 , 30 )'],
  ['bigint', 'DECIMAL ( 20 , 2 )'],
  ['integer', 'VARCHAR ( 10 )'],
  ['character varying', 'VARCHAR ( 10 )'],
  ['character varying(3)', 'CHAR ( 3 )'],
  ['bpchar', 'TEXT'],
  ['"char"', 'TEXT'],
  ['public.timestamp', 'TIMESTAMP ( 3 )'],
  ['"Role"', '"Role"'],
  ['integer', 'INTEGER [ ]'],
  ['integer[]', 'TEXT'],
  ['bytea', 'TEXT'],
])('a change from %s to %s could lose something', (from, to) => {
  expect(isLossless(from, to, 'Europe/Madrid')).toBe(false);
});

test.each([
  ['numeric(10,2)', 'DECIMAL'],
  ['numeric', 'DECIMAL'],
  ['numeric(10,2)', 'DECIMAL ( 12 , 3 )'],
  ['oid', 'BIGINT'],
  ['name', 'TEXT'],
  ['extensions.citext', 'TEXT'],
])('a change from %s to %s loses nothing', (from, to) => {
  expect(isLossless(from, to, 'Europe/Madrid')).toBe(true);
});
