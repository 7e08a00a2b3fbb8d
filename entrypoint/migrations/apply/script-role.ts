import { quoteLiteral, type Session } from '../../postgres/session.ts';

/** Who a session acts as, as its settings say. */
export interface ActingRole {
  readonly user: string;
  readonly role: string;
}

const AS_CONNECTED = ['SET LOCAL SESSION AUTHORIZATION DEFAULT', 'SET LOCAL role TO DEFAULT'];

/** Who the session acts as between two transactions of a script. */
export async function readActingRole(session: Session): Promise<ActingRole | undefined> {
  const [row] = await session.query<ActingRole>(
    "SELECT pg_catalog.current_setting('session_authorization') AS user, pg_catalog.current_setting('role') AS role",
  );
  return row;
}

/** Statements that run as the role that connected, where no query may come before those of the script. */
export function asConnectedFirst(
  statements: readonly string[],
  acting: ActingRole | undefined,
): readonly string[] {
  if (acting === undefined) return statements;
  const { user, role } = acting;
  return [
    ...AS_CONNECTED,
    ...statements,
    `SET LOCAL SESSION AUTHORIZATION ${quoteLiteral(user)}`,
    `SET LOCAL ROLE ${quoteLiteral(role)}`,
  ];
}

/** The same behind a script, which may act as another role by then: what is deferred to the commit runs as that. */
export function asConnected(statements: readonly string[]): string[] {
  return [
    `SELECT pg_catalog.set_config('zarpe.user', pg_catalog.current_setting('session_authorization'), true),
      pg_catalog.set_config('zarpe.role', pg_catalog.current_setting('role'), true)`,
    ...AS_CONNECTED,
    ...statements,
    "SELECT pg_catalog.set_config('session_authorization', pg_catalog.current_setting('zarpe.user'), true)",
    "SELECT pg_catalog.set_config('role', pg_catalog.current_setting('zarpe.role'), true)",
  ];
}
