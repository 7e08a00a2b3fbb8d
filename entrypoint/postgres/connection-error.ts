import { BootError, type ErrorCode, type Problem, type SettingProblem } from '../core/errors.ts';
import { codeOf, messageOf } from '../lib/describe-error.ts';
import { type ConnectionSettings, describeTarget } from './connection-settings.ts';

const PASSING_SYSTEM = new Set([
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
const PASSING_STATE = /^(?:08|53|57P|40|58)[0-9A-Z]+$/;
const TLS_REMEDY: Readonly<Record<string, readonly [got: string, hint: string]>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: [
    'a self-signed certificate',
    'Trust it with sslrootcert=FILE or NODE_EXTRA_CA_CERTS, or use sslmode=require, which encrypts without verifying.',
  ],
  SELF_SIGNED_CERT_IN_CHAIN: [
    'a certificate of an authority that is not trusted',
    'Give the authority with sslrootcert=FILE or NODE_EXTRA_CA_CERTS.',
  ],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: [
    'a certificate of an authority that is not trusted',
    'Give the authority with sslrootcert=FILE or NODE_EXTRA_CA_CERTS.',
  ],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: [
    'a certificate of an authority that is not trusted',
    'Give the authority with sslrootcert=FILE or NODE_EXTRA_CA_CERTS.',
  ],
  UNABLE_TO_GET_ISSUER_CERT: [
    'a certificate of an authority that is not trusted',
    'Give the authority with sslrootcert=FILE or NODE_EXTRA_CA_CERTS.',
  ],
  CERT_SIGNATURE_FAILURE: [
    'a certificate that another authority of the same name has signed',
    'Give the authority of today with sslrootcert=FILE or NODE_EXTRA_CA_CERTS.',
  ],
  CERT_HAS_EXPIRED: [
    'a certificate that has expired',
    'Renew the certificate of the server, and check the clock of this machine.',
  ],
  CERT_NOT_YET_VALID: [
    'a certificate that is not valid yet',
    'Check the clock of this machine and of the server.',
  ],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    'a certificate for another host name',
    'Connect by the name in the certificate, or use sslmode=verify-ca, which does not compare names.',
  ],
};

export interface ClassifiedError {
  /** Another attempt can help. */
  readonly passing: boolean;
  readonly code: ErrorCode;
  readonly problem: Problem;
  /** What happened, in a few words, for a log line. */
  readonly reason: string;
  /** SQLSTATE or system error code. */
  readonly cause: string;
}

/** What a failed connection means: whether it passes by itself, and what a person should do if not. */
export function classifyConnectionError(error: unknown, settings: ConnectionSettings): ClassifiedError {
  const cause = codeOf(error);
  const message = messageOf(error);
  const target = describeTarget(settings);
  const refuse = (code: ErrorCode, problem: Omit<SettingProblem, 'what'>): ClassifiedError => ({
    passing: false,
    code,
    problem: { what: settings.source, ...problem },
    reason: message,
    cause,
  });
  if (error instanceof BootError) {
    return {
      passing: false,
      code: error.code,
      problem: error.problems[0] ?? { what: settings.source, expected: '', got: message, hint: '' },
      reason: message,
      cause: error.code,
    };
  }
  // The driver itself ends the exchange, without a code, where it has no password to answer with.
  if (cause === '28P01' || /^SASL: .*password must be/.test(message)) {
    return refuse('DATABASE_ACCESS_REFUSED', {
      expected: `the password of role "${settings.user}" at ${target}`,
      got: settings.password === undefined ? 'none' : 'one that the server rejects (28P01)',
      hint: 'Correct the password. Note that POSTGRES_PASSWORD of the postgres image counts only when its volume is empty.',
    });
  }
  if (cause === '28000' && /no encryption|SSL off/.test(message)) {
    return refuse('DATABASE_TLS', {
      expected: `a connection that ${target} accepts`,
      got: `"${message}" (28000)`,
      hint: 'The server wants TLS: use sslmode=require or stricter.',
    });
  }
  if (cause === '28000' && /client certificate|certificate authentication failed/.test(message)) {
    return refuse('DATABASE_TLS', {
      expected: `a client certificate that ${target} accepts for role "${settings.user}"`,
      got: `"${message}" (28000)`,
      hint: 'Give one that names the role with sslcert=FILE and sslkey=FILE, and an sslmode that uses TLS.',
    });
  }
  if (cause === '28000' || cause === '42501') {
    return refuse('DATABASE_ACCESS_REFUSED', {
      expected: `role "${settings.user}" to be let in at ${target}`,
      got: `"${message}" (${cause})`,
      hint: /^permission denied for (?!database)/.test(message)
        ? 'Grant the role what it lacks, or connect as the owner of the tables.'
        : 'Create the role, or grant it CONNECT, or correct pg_hba.conf.',
    });
  }
  if (cause === '3D000') {
    return refuse('DATABASE_MISSING', {
      expected: `database "${settings.database}" at ${target}`,
      got: 'none of that name (3D000)',
      hint: `Create it, or grant CREATEDB to "${settings.user}" so that Zarpe can.`,
    });
  }
  const tls = TLS_REMEDY[cause];
  if (tls !== undefined) {
    return refuse('DATABASE_TLS', {
      expected: `a certificate of ${target} that sslmode=${settings.tls.mode} accepts`,
      got: `${tls[0]} (${cause})`,
      hint: tls[1],
    });
  }
  if (/does not support SSL/.test(message)) {
    return refuse('DATABASE_TLS', {
      expected: `${target} to offer TLS, as sslmode=${settings.tls.mode} demands`,
      got: 'a server without TLS',
      hint: 'Turn TLS on at the server, or use sslmode=prefer or disable on a network you trust.',
    });
  }
  if (
    /^(?:ERR_SSL|ERR_TLS|EPROTO|ERR_OSSL|ERR_CRYPTO|CERT_|INVALID_CA|INVALID_PURPOSE)/.test(cause) ||
    /establishing an SSL/.test(message)
  ) {
    return refuse('DATABASE_TLS', {
      expected: `a TLS handshake with ${target}`,
      // OpenSSL wraps its reason in a thread's number, a function and a line of its source.
      got: `"${/SSL routines:[^:]*:([^:]+):/.exec(message)?.[1] ?? message}" (${cause})`,
      hint: 'Check the certificates and the TLS versions of both sides.',
    });
  }
  const passing = PASSING_SYSTEM.has(cause) || cause === 'none' || PASSING_STATE.test(cause);
  return {
    passing,
    code: passing ? 'DATABASE_UNAVAILABLE' : 'DATABASE_ACCESS_REFUSED',
    problem: {
      what: settings.source,
      expected: `a connection to ${target}`,
      got: `"${message}" (${cause})`,
      hint: passing
        ? 'Check that the server runs and that its name and port are right.'
        : 'See what the server says.',
    },
    reason: describePassing(cause, message),
    cause,
  };
}

/** An error of the network or the name service that passes. */
export function isPassingSystemError(error: unknown): boolean {
  return PASSING_SYSTEM.has(codeOf(error));
}

function describePassing(cause: string, message: string): string {
  switch (cause) {
    case 'ECONNREFUSED':
      return 'connection refused';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `host name not found (${cause})`;
    case '57P03':
      return 'the server is starting up';
    case '53300':
      return 'the server has no connection slots left';
    default:
      return message;
  }
}
