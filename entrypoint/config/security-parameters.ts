import { resolve } from 'node:path';
import {
  AUTH_METHODS,
  type AuthMethod,
  type AuthSettings,
  SSL_MODES,
  type SslMode,
  type TlsSettings,
} from '../postgres/connection-settings.ts';

export interface SecuritySettings {
  readonly tls: TlsSettings;
  readonly auth: AuthSettings;
}

type Refuse<Failure> = (expected: string, got: string, hint: string) => Failure;

/**
 * How the connection is protected, as libpq and Prisma mean the parameters. Names and values have been checked; here
 * is what they cannot mean together.
 */
export function readSecurity<Failure>(
  parameters: URLSearchParams,
  baseDir: string,
  fail: Refuse<Failure>,
): SecuritySettings | Failure {
  const parameter = (name: string) => parameters.get(name) || undefined;
  const tls = readTls(parameter, baseDir);
  const auth = readAuth(parameter);
  if (auth === undefined) {
    return fail(
      `require_auth to be some of ${AUTH_METHODS.join(', ')}, or each with a !`,
      'another value',
      'Correct the require_auth parameter.',
    );
  }
  if (parameter('sslrootcert') === 'system' && tls.mode !== 'verify-full') {
    const hint =
      'Anybody has a certificate that a public authority signed; only its name tells. Write verify-full.';
    return fail('sslmode=verify-full beside sslrootcert=system', 'a weaker mode', hint);
  }
  if (tls.mode === 'verify-ca' && tls.rootCertFile === undefined) {
    return fail(
      'sslrootcert beside sslmode=verify-ca',
      'none',
      'Give the file of the authority, or use sslmode=verify-full: among public authorities only the name in the certificate tells servers apart.',
    );
  }
  if (parameter('sslkey') !== undefined && parameter('sslcert') === undefined) {
    return fail('sslcert beside sslkey', 'none', 'Give the certificate that belongs to the key.');
  }
  if (auth.bindsChannel && tls.mode === 'disable') {
    return fail(
      'a connection with TLS for channel_binding=require',
      'sslmode=disable',
      'Use sslmode=require or stricter, or remove channel_binding.',
    );
  }
  return { tls, auth };
}

type Parameter = (name: string) => string | undefined;

/** `sslcert` is the client's certificate beside `sslkey` (libpq), and the trusted authority without it (Prisma). */
function readTls(parameter: Parameter, baseDir: string): TlsSettings {
  const file = (name: string) => {
    const path = parameter(name);
    return path === undefined ? undefined : resolve(baseDir, path);
  };
  const clientKeyFile = file('sslkey');
  const root = parameter('sslrootcert') === 'system' ? undefined : file('sslrootcert');
  return {
    mode: readSslMode(parameter),
    rootCertFile: root ?? (clientKeyFile === undefined ? file('sslcert') : undefined),
    clientCertFile: clientKeyFile === undefined ? undefined : file('sslcert'),
    clientKeyFile,
    identityFile: file('sslidentity'),
    passphrase: parameter('sslpassword'),
  };
}

/**
 * libpq's default is `prefer`, and `verify-full` beside `sslrootcert=system`; with a root `require` verifies.
 * `sslaccept=strict` is Prisma's way to ask that the certificate is verified.
 */
function readSslMode(parameter: Parameter): SslMode {
  const root = parameter('sslrootcert');
  const text = parameter('sslmode') ?? (root === 'system' ? 'verify-full' : 'prefer');
  const mode = SSL_MODES.find((known) => known === text) ?? 'prefer';
  if (mode === 'disable' || mode === 'verify-ca' || mode === 'verify-full') return mode;
  if (parameter('sslaccept') === 'strict') return 'verify-full';
  return mode === 'require' && root !== undefined && root !== 'system' ? 'verify-ca' : mode;
}

/** `require_auth` names what is accepted, or with a `!` what is not. Undefined where it does neither. */
function readAuth(parameter: Parameter): AuthSettings | undefined {
  const bindsChannel = parameter('channel_binding') === 'require';
  const items = parameter('require_auth')
    ?.split(',')
    .map((item) => item.trim());
  if (items === undefined) return { methods: undefined, inTheClear: false, bindsChannel };
  const isMethod = (item: string): item is AuthMethod => AUTH_METHODS.some((known) => known === item);
  if (items.every(isMethod)) return { methods: items, inTheClear: items.includes('password'), bindsChannel };
  const excluded = items.map((item) => item.replace(/^!/, ''));
  if (!items.every((item) => item.startsWith('!')) || !excluded.every(isMethod)) return undefined;
  const methods = AUTH_METHODS.filter((method) => !excluded.includes(method));
  return { methods, inTheClear: false, bindsChannel };
}
