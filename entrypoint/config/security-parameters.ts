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
 * The TLS and authentication settings, as libpq and Prisma define the parameters. Their names and values are checked
 * before; this refuses combinations that contradict each other.
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
      `require_auth to list some of ${AUTH_METHODS.join(', ')}, or each with a !`,
      'another value',
      'Fix the require_auth parameter.',
    );
  }
  if (parameter('sslrootcert') === 'system' && tls.mode !== 'verify-full') {
    const hint =
      'Anybody can get a certificate from a public authority: only the name in it identifies the server. Use sslmode=verify-full.';
    return fail('sslmode=verify-full with sslrootcert=system', 'a weaker sslmode', hint);
  }
  if (tls.mode === 'verify-ca' && tls.rootCertFile === undefined) {
    return fail(
      'sslrootcert with sslmode=verify-ca',
      'no sslrootcert',
      'Set sslrootcert to the certificate of your authority, or use sslmode=verify-full: with public authorities, only the name in the certificate identifies the server.',
    );
  }
  if (parameter('sslkey') !== undefined && parameter('sslcert') === undefined) {
    return fail('sslcert with sslkey', 'no sslcert', 'Set sslcert to the certificate of that key.');
  }
  if (auth.bindsChannel && tls.mode === 'disable') {
    return fail(
      'TLS with channel_binding=require',
      'sslmode=disable',
      'Use sslmode=require or stricter, or remove channel_binding.',
    );
  }
  return { tls, auth };
}

type Parameter = (name: string) => string | undefined;

/** `sslcert` is the client's certificate with `sslkey` (libpq), and the trusted authority without it (Prisma). */
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
 * libpq's default is `prefer`, or `verify-full` with `sslrootcert=system`; with another root `require` means `verify-ca`.
 * Prisma's `sslaccept=strict` means `verify-full`.
 */
function readSslMode(parameter: Parameter): SslMode {
  const root = parameter('sslrootcert');
  const text = parameter('sslmode') ?? (root === 'system' ? 'verify-full' : 'prefer');
  const mode = SSL_MODES.find((known) => known === text) ?? 'prefer';
  if (mode === 'disable' || mode === 'verify-ca' || mode === 'verify-full') return mode;
  if (parameter('sslaccept') === 'strict') return 'verify-full';
  return mode === 'require' && root !== undefined && root !== 'system' ? 'verify-ca' : mode;
}

/** `require_auth` lists methods to accept, or with a `!` methods to reject. Undefined if it is malformed. */
function readAuth(parameter: Parameter): AuthSettings | undefined {
  const bindsChannel = parameter('channel_binding') === 'require';
  const items = parameter('require_auth')
    ?.split(',')
    .map((item) => item.trim());
  if (items === undefined) return { methods: undefined, cleartextPassword: false, bindsChannel };
  const isMethod = (item: string): item is AuthMethod => AUTH_METHODS.some((known) => known === item);
  if (items.every(isMethod))
    return { methods: items, cleartextPassword: items.includes('password'), bindsChannel };
  const excluded = items.map((item) => item.replace(/^!/, ''));
  if (!items.every((item) => item.startsWith('!')) || !excluded.every(isMethod)) return undefined;
  const methods = AUTH_METHODS.filter((method) => !excluded.includes(method));
  return { methods, cleartextPassword: false, bindsChannel };
}
