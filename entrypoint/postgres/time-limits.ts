/**
 * What a role, a database or a server may set to end a session, or a transaction, that waits for a hook, the seed or a
 * script. A version of PostgreSQL may lack one.
 */
const LIMITS = ['idle_session_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout'];
/** The first version with `transaction_timeout`. */
const LIMITS_TRANSACTIONS = 170_000;

/**
 * A statement that lifts these limits for the session.
 * @param isLocal whether for the transaction only, as SQL
 */
export function liftTimeLimits(isLocal = 'false'): string {
  const names = LIMITS.map((name) => `('${name}')`).join(', ');
  return `SELECT pg_catalog.set_config(name, '0', ${isLocal}) FROM (VALUES ${names}) AS wanted (name)
  WHERE pg_catalog.current_setting(name, true) IS NOT NULL`;
}

/** Statements that lift them for a transaction, and may stand before its first query. */
export function liftForTransaction(versionNum: number): string[] {
  return [
    'SET LOCAL idle_in_transaction_session_timeout = 0',
    ...(versionNum >= LIMITS_TRANSACTIONS ? ['SET LOCAL transaction_timeout = 0'] : []),
  ];
}
