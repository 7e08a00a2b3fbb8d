import { describe, expect, test } from 'vitest';
import { asConnected, asConnectedFirst } from '../../../../entrypoint/migrations/apply/script-role.ts';

const LOGIN = "o'app";
const SETS_USER = /SESSION AUTHORIZATION|set_config\('session_authorization'/;
const setsUser = (statements: readonly string[]) => statements.filter((sql) => SETS_USER.test(sql));

describe('the session’s user, which an older PostgreSQL cannot set without forgetting a SET ROLE', () => {
  test('is left alone before a script that acts as the role that connected, or as another by SET ROLE', () => {
    for (const role of ['none', 'other']) {
      const statements = asConnectedFirst(['LOCK TABLE t'], { user: LOGIN, role }, LOGIN);
      expect(setsUser(statements)).toEqual([]);
      expect(statements).toEqual(['SET LOCAL role TO DEFAULT', 'LOCK TABLE t', `SET LOCAL ROLE '${role}'`]);
    }
  });

  test('is set, and set back, where the script changed it', () => {
    const statements = asConnectedFirst(['LOCK TABLE t'], { user: 'other', role: 'none' }, LOGIN);
    expect(setsUser(statements)).toEqual([
      'SET LOCAL SESSION AUTHORIZATION DEFAULT',
      "SET LOCAL SESSION AUTHORIZATION 'other'",
    ]);
  });

  test('is set behind a script only where it is not the role that connected', () => {
    const user = "pg_catalog.current_setting('session_authorization')";
    const conditions = setsUser(asConnected(['INSERT'], LOGIN)).map((sql) => sql.split(/\s+WHERE\s+/)[1]);
    expect(conditions).toEqual([
      `${user} OPERATOR(pg_catalog.<>) 'o''app'`,
      `${user} OPERATOR(pg_catalog.<>) pg_catalog.current_setting('zarpe.user')`,
    ]);
  });
});
