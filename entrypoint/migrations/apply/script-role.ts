import { quoteLiteral, type Session } from '../../postgres/session.ts';

/** Who a session acts as, as its settings say. */
export interface ActingRole {
  readonly user: string;
  readonly role: string;
}

const SAVED_USER = "pg_catalog.current_setting('zarpe.user')";
const DEFAULT_ROLE = 'SET LOCAL role TO DEFAULT';

/** Who the session acts as between two transactions of a script. */
export async function readActingRole(session: Session): Promise<ActingRole | undefined> {
  const [row] = await session.query<ActingRole>(
    "SELECT pg_catalog.current_setting('session_authorization') AS user, pg_catalog.current_setting('role') AS role",
  );
  return row;
}

/**
 * Statements that run as the role that connected, where no query may come before those of the script.
 * @param login its name
 */
export function asConnectedFirst(
  statements: readonly string[],
  acting: ActingRole | undefined,
  login: string,
): readonly string[] {
  if (acting === undefined) return statements;
  const { user, role } = acting;
  const isOther = user !== login;
  return [
    ...(isOther ? ['SET LOCAL SESSION AUTHORIZATION DEFAULT'] : []),
    DEFAULT_ROLE,
    ...statements,
    ...(isOther ? [`SET LOCAL SESSION AUTHORIZATION ${quoteLiteral(user)}`] : []),
    `SET LOCAL ROLE ${quoteLiteral(role)}`,
  ];
}

/** The same behind a script, which may act as another role by then: what is deferred to the commit runs as that. */
export function asConnected(statements: readonly string[], login: string): string[] {
  return [
    `SELECT pg_catalog.set_config('zarpe.user', pg_catalog.current_setting('session_authorization'), true),
      pg_catalog.set_config('zarpe.role', pg_catalog.current_setting('role'), true)`,
    authorize('NULL', quoteLiteral(login)),
    DEFAULT_ROLE,
    ...statements,
    authorize(SAVED_USER, SAVED_USER),
    "SELECT pg_catalog.set_config('role', pg_catalog.current_setting('zarpe.role'), true)",
  ];
}

/**
 * Sets the session's user where it is not the expected one. PostgreSQL before 17.1, 16.5, 15.9, 14.14 and 13.17 forgets a
 * SET ROLE of the script whenever that is set, and again when what is set for the transaction ends with it.
 * @param value as SQL, as is `expected`; NULL is the role that connected
 */
function authorize(value: string, expected: string): string {
  return `SELECT pg_catalog.set_config('session_authorization', ${value}, true)
      WHERE pg_catalog.current_setting('session_authorization') OPERATOR(pg_catalog.<>) ${expected}`;
}
