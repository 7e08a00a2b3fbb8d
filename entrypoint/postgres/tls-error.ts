import { codeOf, messageOf } from '../lib/describe-error.ts';

const TRUST_AUTHORITY =
  'Trust its certificate authority with sslrootcert=FILE in {params} or with NODE_EXTRA_CA_CERTS.';
/**
 * What to do about each reason for which Node.js does not accept the certificate of a server. `{params}` stands for the
 * variable with the parameters of the connection.
 */
const CERTIFICATE_HINTS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'Trust the certificate with sslrootcert=FILE in {params} or with NODE_EXTRA_CA_CERTS, or set sslmode=require, which encrypts without verifying.',
  SELF_SIGNED_CERT_IN_CHAIN: TRUST_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: TRUST_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: TRUST_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: TRUST_AUTHORITY,
  CERT_SIGNATURE_FAILURE:
    'The file in sslrootcert is of another certificate authority with the same name: replace it with the current one.',
  CERT_HAS_EXPIRED: 'Renew the certificate of the server, and check the clock of this machine.',
  CERT_NOT_YET_VALID: 'Check the clocks of this machine and of the server.',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'Connect by a host name that the certificate contains, or set sslmode=verify-ca in {params}, which does not compare host names.',
};
const TLS_ERROR = /^(?:ERR_SSL|ERR_TLS|EPROTO|ERR_OSSL|ERR_CRYPTO|CERT_|INVALID_CA|INVALID_PURPOSE)/;

/** Whether a connection failed because of TLS: its handshake, or the certificate of the server. */
export function isTlsError(error: unknown): boolean {
  const code = codeOf(error);
  return CERTIFICATE_HINTS[code] !== undefined || TLS_ERROR.test(code);
}

/** What Node.js or OpenSSL reported, with its code, and what to do about it. */
export function explainTlsError(
  error: unknown,
  params: string,
): { readonly reason: string; readonly hint: string } {
  const code = codeOf(error);
  const message = messageOf(error);
  const hint = CERTIFICATE_HINTS[code];
  if (hint !== undefined) {
    return {
      reason: `certificate verification failed: ${message} (${code})`,
      hint: hint.replace('{params}', params),
    };
  }
  // OpenSSL puts the thread, the function and the line of its source around the reason.
  const reason = / routines:[^:]*:([^:]+)/.exec(message)?.[1] ?? message;
  return {
    reason: `TLS handshake failed: ${reason} (${code})`,
    hint: 'Check the certificates and the TLS versions of this machine and of the server.',
  };
}
