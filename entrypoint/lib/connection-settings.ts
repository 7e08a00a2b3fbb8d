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
