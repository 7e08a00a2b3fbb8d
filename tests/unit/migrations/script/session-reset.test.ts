import { expect, test } from 'vitest';
import { parseScript } from '../../../../entrypoint/migrations/script/script.ts';
import { leavesSessionAlone } from '../../../../entrypoint/migrations/script/session-reset.ts';

const leavesAlone = (sql: string) => leavesSessionAlone(parseScript(sql).statements);
const functionOf = (body: string) =>
  `CREATE OR REPLACE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body}; RETURN NEW; END $$;`;

test.each([
  'CREATE TABLE a (id int); CREATE UNIQUE INDEX i ON a (id); INSERT INTO a VALUES (1);',
  `${functionOf('NEW.a := 1')} CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION f();`,
  'CREATE VIEW v AS SELECT 1;',
])('plain schema and data work leaves the session as it was: %s', (sql) => {
  expect(leavesAlone(sql)).toBe(true);
});

test.each([
  "SET search_path = ''",
  "SELECT set_config('search_path', '', false)",
  "INSERT INTO a SELECT set_config('role', 'other', false)",
  'INSERT INTO a SELECT pg_advisory_unlock_all()',
  `${functionOf('PERFORM pg_advisory_unlock_all()')} INSERT INTO a VALUES (1)`,
  'CREATE TEMP TABLE t (id int)',
  'CREATE TABLE pg_temp.t (id int)',
  'CREATE TEMP VIEW v AS SELECT 1',
  `${functionOf("PERFORM set_config('role', 'other', false)")} INSERT INTO a VALUES (1)`,
  `${functionOf('SET search_path = other')} INSERT INTO a VALUES (1)`,
  `CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'SET search_path = other'; INSERT INTO a VALUES (1)`,
  'DO $$ BEGIN NULL; END $$',
])('what may change the session is not taken for it: %s', (sql) => {
  expect(leavesAlone(sql)).toBe(false);
});
