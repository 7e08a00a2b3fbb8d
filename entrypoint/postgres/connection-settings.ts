/** libpq's `sslmode`, with its meanings. */
export const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof SSL_MODES)[number];

/** How the connection is encrypted. Files are paths, read when a connection is opened. */
export interface TlsSettings {
  readonly mode: SslMode;
  /** PEM file with the authorities that are trusted: `sslrootcert`, or Prisma's `sslcert`. */
  readonly rootCertFile: string | undefined;
  /** PEM files of the client's certificate and key: `sslcert` with `sslkey`. */
  readonly clientCertFile: string | undefined;
  readonly clientKeyFile: string | undefined;
  /** PKCS #12 file with the client's identity: Prisma's `sslidentity`. */
  readonly identityFile: string | undefined;
  readonly passphrase: string | undefined;
}

/** libpq's names of the ways in which a server may ask who we are; `none` is that it does not ask. */
export const AUTH_METHODS = ['password', 'md5', 'gss', 'sspi', 'scram-sha-256', 'none'] as const;
export type AuthMethod = (typeof AUTH_METHODS)[number];

/** What is asked of the way in which the server lets us in. */
export interface AuthSettings {
  /** libpq's `require_auth`; undefined: any. */
  readonly methods: readonly AuthMethod[] | undefined;
  /** A password may be sent in the clear over a connection without TLS: `require_auth` asks for it by name. */
  readonly inTheClear: boolean;
  /** libpq's `channel_binding=require`: proof that nobody stands between the two ends of TLS. */
  readonly bindsChannel: boolean;
}

/** One database connection, read from a URL with the meanings Prisma gives to its parameters. */
export interface ConnectionSettings {
  /** The variable it came from, for messages. */
  readonly source: string;
  /** A host name or address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string;
  /** Prisma's `schema`: where `_prisma_migrations` and unqualified names are; the role's search path when absent. */
  readonly schema: string | undefined;
  readonly tls: TlsSettings;
  readonly auth: AuthSettings;
  /** Bound of one attempt to connect, in milliseconds; Prisma's `connect_timeout`, in seconds, 5 by default. */
  readonly connectTimeoutMs: number;
  readonly applicationName: string | undefined;
  /** libpq's `options`, such as `-c statement_timeout=5s`. */
  readonly options: string | undefined;
  /** Prisma's `pgbouncer=true`: the URL leads to a transaction pooler. */
  readonly pgbouncer: boolean;
}

/** `host:port/database` for logs: no user, no password. */
export function describeTarget(settings: ConnectionSettings): string {
  return settings.host.startsWith('/')
    ? `${settings.host}/.s.PGSQL.${settings.port} ${settings.database}`
    : `${settings.host}:${settings.port}/${settings.database}`;
}
