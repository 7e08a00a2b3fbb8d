import { BootError, type ErrorCode } from '../core/errors.ts';
import { codeOf, messageOf, systemTerm } from '../lib/describe-error.ts';
import { type ConnectionSettings, type ConnectionSource, describeTarget } from './connection-settings.ts';
import { explainPoolerRefusal } from './pooler-error.ts';
import { quoteIdentifier } from './session.ts';
import { explainTlsError, isTlsError } from './tls-error.ts';

const RETRYABLE_SYSTEM_ERRORS = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'EBADMSG',
  'ENOENT',
  'EHOSTDOWN',
  'ENETDOWN',
  'EADDRNOTAVAIL',
]);
/** SQLSTATE: connection exceptions, insufficient resources, operator intervention, rollbacks, system errors. */
const RETRYABLE_STATE = /^(?:08|53|57P|40|58)[0-9A-Z]+$/;

/** Why a connection could not be opened. */
export interface ConnectionFailure {
  readonly code: ErrorCode;
  /** Another attempt may succeed. */
  readonly retryable: boolean;
  /** The SQLSTATE or the code of the system, such as ECONNREFUSED. */
  readonly nativeCode: string;
  /** What the system or the server reported, with its code in brackets. */
  readonly reason: string;
  readonly hint: string;
}

/** Classifies what `connect` rejects with. */
export function classifyConnectionError(error: unknown, settings: ConnectionSettings): ConnectionFailure {
  const [code, hint, reason = describeError(error)] = explain(error, settings);
  return { code, retryable: code === 'DATABASE_UNAVAILABLE', nativeCode: codeOf(error), reason, hint };
}

export function connectionError(
  { code, reason, hint }: ConnectionFailure,
  settings: ConnectionSettings,
  cause: unknown,
): BootError {
  return new BootError(
    code,
    {
      message: `${isOfTable(cause) ? 'Could not query' : 'Could not connect to'} ${describeTarget(settings)}: ${reason}`,
      hint,
    },
    cause,
  );
}

/** The server accepted the connection, and denied access to a table or schema. */
function isOfTable(cause: unknown): boolean {
  return codeOf(cause) === '42501' && /^permission denied for (?!database)/.test(messageOf(cause));
}

/** What `connect` rejects with, as a BootError; an unreadable certificate file is one already. */
export function toConnectionError(error: unknown, settings: ConnectionSettings): BootError {
  if (error instanceof BootError) return error;
  return connectionError(classifyConnectionError(error, settings), settings, error);
}

/** A failure of the network or of name resolution, which another attempt may get past. */
export function isRetryableSystemError(error: unknown): boolean {
  return RETRYABLE_SYSTEM_ERRORS.has(codeOf(error));
}

type Explanation = readonly [code: ErrorCode, hint: string, reason?: string];

function explain(error: unknown, settings: ConnectionSettings): Explanation {
  const { source, user, password } = settings;
  const code = codeOf(error);
  const message = messageOf(error);
  // node-postgres reports a missing password itself, without a code.
  const lacksPassword = /^SASL: .*password must be/.test(message);
  if (lacksPassword || (code === '28P01' && password === undefined)) {
    const noPassword =
      source.password === source.url ? `${source.url} has none` : `${source.password} is not set`;
    const reason = `the server requires a password for user "${user}", and ${noPassword} (28P01)`;
    return [
      'DATABASE_ACCESS_REFUSED',
      source.password === source.url ? `Add the password to ${source.url}.` : `Set ${source.password}.`,
      reason,
    ];
  }
  if (code === '28P01') {
    const hint = `Correct the password in ${source.password}. The postgres image applies POSTGRES_PASSWORD only when it initializes an empty volume.`;
    return ['DATABASE_ACCESS_REFUSED', hint, `password authentication failed for user "${user}" (28P01)`];
  }
  if (/^SASL: .* iteration count \d+ exceeds/.test(message)) {
    const hint = `Set scram_iterations of the server to 100000 or less, then set the password of role "${user}" again.`;
    return ['DATABASE_ACCESS_REFUSED', hint];
  }
  if (code === '3D000') {
    const hint = `Create the database, or grant CREATEDB to role "${user}" so that Zarpe can create it.`;
    return ['DATABASE_MISSING', hint];
  }
  if (
    code === '55000' &&
    message === `database "${settings.database}" is not currently accepting connections`
  )
    return ['DATABASE_UNAVAILABLE', closedHint(settings)];
  if (code === '28000' || code === '42501') return explainRefusal(message, settings);
  if (isTlsError(error)) {
    const { hint, reason } = explainTlsError(error, source.params);
    return ['DATABASE_TLS', hint, reason];
  }
  const refusal = explainPoolerRefusal(error, settings);
  if (refusal !== undefined) return refusal;
  return isRetryableSystemError(error) || code === 'none' || RETRYABLE_STATE.test(code)
    ? ['DATABASE_UNAVAILABLE', unavailableHint(code, settings)]
    : ['DATABASE_ACCESS_REFUSED', "Read the server's log: it has the details."];
}

function explainRefusal(message: string, settings: ConnectionSettings): Explanation {
  const { source, user } = settings;
  if (/no encryption|SSL off/.test(message)) {
    return ['DATABASE_TLS', `The server requires TLS: set sslmode=require or stricter in ${source.params}.`];
  }
  if (/client certificate|certificate authentication failed/.test(message)) {
    const hint = `Set sslcert=FILE and sslkey=FILE in ${source.params} to a client certificate for role "${user}", and an sslmode that uses TLS.`;
    return ['DATABASE_TLS', hint];
  }
  return ['DATABASE_ACCESS_REFUSED', accessHint(message, settings)];
}

function accessHint(message: string, { source, user, database }: ConnectionSettings): string {
  const role = `role "${user}"`;
  if (message.startsWith('permission denied for database'))
    return `Grant ${role} the privilege CONNECT on database "${database}".`;
  if (message.startsWith('permission denied for'))
    return `Grant the privilege to ${role}, or connect as the owner of the tables.`;
  if (message.includes('pg_hba.conf'))
    return `Allow ${role}, the database and this host in pg_hba.conf, then reload the server.`;
  if (message.includes('not permitted to log in'))
    return `Grant it (ALTER ROLE … LOGIN), or set another role in ${source.user}.`;
  return `Create ${role} with LOGIN, or correct the user in ${source.user}.`;
}

/** restore.sh closes the database while it exchanges it, to superusers too. */
function closedHint({ database }: ConnectionSettings): string {
  const open = `ALTER DATABASE ${quoteIdentifier(database)} ALLOW_CONNECTIONS true`;
  return `A restore may be in progress, or was interrupted. If none is, allow connections again: run \`${open}\` in another database, such as postgres, as its owner.`;
}

function unavailableHint(code: string, { source, host }: ConnectionSettings): string {
  switch (code) {
    case 'ECONNREFUSED':
      return /^(?:localhost|127\..*|::1)$/.test(host)
        ? `Check that PostgreSQL is running and that ${portOf(source)} is correct. Inside a container, ${host} is the container itself: use the host name of the database.`
        : `Check that PostgreSQL is running and that ${hostAndPortOf(source)} are correct.`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `Check the host name in ${source.host}, and that this machine or container is on the network of the database.`;
    case 'ENOENT':
      return `Check that PostgreSQL is running and that ${source.host} names the directory of its Unix socket.`;
    case 'EBADMSG':
      return `Check that ${hostAndPortOf(source)} are those of a PostgreSQL server.`;
    case '57P03':
      return 'If it does not become ready, read the log of the server.';
    case '53300':
      return 'Close idle connections, or raise max_connections of the server or CONNECTION LIMIT of the role or database.';
    default:
      return `Check that PostgreSQL is running, that ${hostAndPortOf(source)} are correct, and that no firewall blocks them.`;
  }
}

function portOf({ url, port }: ConnectionSource): string {
  return port === url ? `the port in ${url}` : port;
}

function hostAndPortOf({ host, port }: ConnectionSource): string {
  return host === port ? `the host and port in ${host}` : `${host} and ${port}`;
}

/** The standard term of a system error, or what the server said, with the code in brackets. */
function describeError(error: unknown): string {
  const code = codeOf(error);
  const message = messageOf(error);
  if (code === 'none') return message;
  // Node.js's own messages hold the code: `connect ECONNREFUSED 127.0.0.1:5432`.
  const isNodeMessage = message.includes(code);
  return `${isNodeMessage ? (termOf(code) ?? message) : message} (${code})`;
}

function termOf(code: string): string | undefined {
  if (code === 'ENOTFOUND') return 'host name not found';
  if (code === 'EAI_AGAIN') return 'temporary failure in name resolution';
  return systemTerm(code);
}
