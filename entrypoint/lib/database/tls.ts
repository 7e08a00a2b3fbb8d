import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type { ConnectionSettings, TlsSettings } from '../connection-settings.ts';
import { BootError } from '../errors.ts';

/** A way to try the connection: encrypted with these options, or in the clear. */
export type TlsAttempt = ConnectionOptions | false;

/** What libpq would try for the mode, in its order: `prefer` falls back to the clear, the others do not. */
export function tlsAttempts(settings: ConnectionSettings): readonly TlsAttempt[] {
  const { tls } = settings;
  if (tls.mode === 'disable' || settings.host.startsWith('/')) return [false];
  const encrypted = tlsOptions(settings.source, tls);
  return tls.mode === 'prefer' ? [encrypted, false] : [encrypted];
}

function tlsOptions(source: string, tls: TlsSettings): ConnectionOptions {
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
    return readFileSync(path);
  } catch (error) {
    throw new BootError(
      'DATABASE_TLS',
      {
        what: `${parameter} in ${source}`,
        expected: 'a readable file',
        got: error instanceof Error && 'code' in error ? `${error.code} for ${path}` : path,
        action: 'Mount the file there, readable by the user of the container.',
      },
      error,
    );
  }
}
