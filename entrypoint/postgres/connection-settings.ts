/** libpq's `sslmode`, with its meanings. */
export const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof SSL_MODES)[number];

/** How the connection is encrypted. Files are paths, read when a connection is opened. */
export interface TlsSettings {
  readonly mode: SslMode;
  /** PEM file with the trusted certificate authorities: `sslrootcert`, or Prisma's `sslcert`. */
  readonly rootCertFile: string | undefined;
  /** PEM files of the client's certificate and key: `sslcert` with `sslkey`. */
  readonly clientCertFile: string | undefined;
  readonly clientKeyFile: string | undefined;
  /** PKCS #12 file with the client's identity: Prisma's `sslidentity`. */
  readonly identityFile: string | undefined;
  readonly passphrase: string | undefined;
}

/** libpq's names of authentication methods; `none`: the server requests no authentication. */
export const AUTH_METHODS = ['password', 'md5', 'gss', 'sspi', 'scram-sha-256', 'none'] as const;
export type AuthMethod = (typeof AUTH_METHODS)[number];

/** Which ways of authentication are acceptable. */
export interface AuthSettings {
  /** libpq's `require_auth`; undefined: any. */
  readonly methods: readonly AuthMethod[] | undefined;
  /** `require_auth` names `password`: it may be sent in cleartext over a connection without TLS. */
  readonly cleartextPassword: boolean;
  /** libpq's `channel_binding=require`: proof that nobody terminates TLS in between. */
  readonly bindsChannel: boolean;
}

/**
 * The variables that a connection was read from, for messages. All but `direct` are the same for a connection string;
 * `NAME_FILE` stands for `NAME` where the value came from a file.
 */
export interface ConnectionSource {
  /** The variable of the connection string, or of the host where the parts are set. */
  readonly url: string;
  readonly host: string;
  readonly port: string;
  readonly user: string;
  readonly password: string;
  /** The variable with the parameters, such as sslmode. */
  readonly params: string;
  /** The variable that takes a direct connection, set or not. */
  readonly direct: string;
}

/** One database connection, read from a URL with the meanings Prisma gives to its parameters. */
export interface ConnectionSettings {
  readonly source: ConnectionSource;
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
  /** Limit of one attempt to connect, in milliseconds: Prisma's `connect_timeout`, 5 seconds by default. */
  readonly connectTimeoutMs: number;
  readonly applicationName: string | undefined;
  /** libpq's `options`, such as `-c statement_timeout=5s`. */
  readonly options: string | undefined;
  /** Prisma's `pgbouncer=true`: the URL is that of a transaction pooler. */
  readonly pgbouncer: boolean;
}

/** `host:port/database` for logs: no user, no password. */
export function describeTarget(settings: ConnectionSettings): string {
  return settings.host.startsWith('/')
    ? `${settings.host}/.s.PGSQL.${settings.port} ${settings.database}`
    : `${settings.host}:${settings.port}/${settings.database}`;
}
