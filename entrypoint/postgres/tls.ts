import type { ConnectionOptions } from 'node:tls';
import { BootError } from '../core/errors.ts';
import { explainLimit } from '../core/to-boot-error.ts';
import { codeOf, systemTerm } from '../lib/describe-error.ts';
import { readRegularFile, UnsuitableFileError } from '../lib/regular-file.ts';
import type { TlsSettings } from './connection-settings.ts';

/** Four times the size of all the certificate authorities that a system trusts. */
const MAX_BYTES = 1024 * 1024;

/** The options of Node.js for the TLS settings: trusted authorities, and the client's certificate. */
export function readTlsOptions(source: string, tls: TlsSettings): ConnectionOptions {
  const read = (parameter: string, path: string | undefined) =>
    path === undefined ? undefined : readCertificate(source, parameter, path);
  const verifies = tls.mode === 'verify-ca' || tls.mode === 'verify-full';
  const options: ConnectionOptions = {
    rejectUnauthorized: verifies,
    ca: read('sslrootcert', tls.rootCertFile),
    cert: read('sslcert', tls.clientCertFile),
    key: read('sslkey', tls.clientKeyFile),
    pfx: read('sslidentity', tls.identityFile),
    passphrase: tls.passphrase,
  };
  return tls.mode === 'verify-full' ? options : { ...options, checkServerIdentity: () => undefined };
}

function readCertificate(source: string, parameter: string, path: string): Buffer {
  try {
    return readRegularFile(path, MAX_BYTES);
  } catch (error) {
    const limit = explainLimit(error);
    if (limit !== undefined) throw limit;
    throw new BootError(
      'DATABASE_TLS',
      {
        what: `${parameter} in ${source}`,
        expected: 'a readable file',
        got: describe(error, path),
        hint: 'Mount the file at this path, readable by the user of the container.',
      },
      error,
    );
  }
}

function describe(error: unknown, path: string): string {
  if (error instanceof UnsuitableFileError) return `${error.message} in ${path}`;
  const code = codeOf(error);
  return `${systemTerm(code) ?? 'an unreadable file'} (${code}) at ${path}`;
}
