import { readFileSync } from 'node:fs';
import type { PoolConfig } from 'pg';

export interface Connection {
  /** For `new pg.Pool` and `new PrismaPg`. */
  pool: PoolConfig;
  /** The schema Prisma's tables lie in, where the URL names one. */
  schema?: string;
}

/**
 * Reads a connection string as Prisma means it. node-postgres ignores `schema` and `connection_limit`, and
 * verifies certificates under `sslmode=require`, where Prisma asks for `sslaccept=strict` first.
 * @see https://www.prisma.io/docs/orm/overview/databases/postgresql#arguments
 */
export function readConnection(connectionString: string): Connection {
  const url = parseUrl(connectionString);
  const parameter = (name: string) => url.searchParams.get(name) || undefined;
  const schema = parameter('schema');
  const pool: PoolConfig = {
    host: parameter('host') ?? decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 5432 : Number(url.port),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
    ssl: readTls(parameter),
    ...defined({
      application_name: parameter('application_name'),
      options: parameter('options'),
      max: readNumber(parameter('connection_limit')),
      connectionTimeoutMillis: readSeconds(parameter('connect_timeout')),
      query_timeout: readSeconds(parameter('socket_timeout')),
    }),
  };
  return { pool, ...(schema && { schema }) };
}

function parseUrl(connectionString: string): URL {
  const url = URL.canParse(connectionString) ? new URL(connectionString) : undefined;
  if (url && /^postgres(ql)?:$/.test(url.protocol)) return url;
  // Without the text: it holds a password.
  throw new Error('The connection string is not a postgresql:// URL.');
}

function readTls(parameter: (name: string) => string | undefined): PoolConfig['ssl'] {
  const mode = parameter('sslmode') ?? 'prefer';
  const certificates = defined({
    // Prisma's `sslcert` is the authority's certificate, which libpq calls `sslrootcert`.
    ca: readFile(parameter('sslrootcert') ?? parameter('sslcert')),
    pfx: readFile(parameter('sslidentity')),
    passphrase: parameter('sslpassword'),
  });
  const strict = parameter('sslaccept') === 'strict';
  switch (mode) {
    case 'disable':
      return false;
    case 'require':
      return { ...certificates, rejectUnauthorized: strict };
    case 'verify-ca':
      return { ...certificates, checkServerIdentity: () => undefined };
    case 'verify-full':
      return certificates;
    default:
      // node-postgres cannot fall back to a plain connection, so TLS is only asked for where the URL speaks of it.
      return strict || Object.keys(certificates).length > 0
        ? { ...certificates, rejectUnauthorized: strict }
        : false;
  }
}

function readFile(path: string | undefined): Buffer | undefined {
  return path === undefined ? undefined : readFileSync(path);
}

function readNumber(text: string | undefined): number | undefined {
  const number = Number(text);
  return Number.isInteger(number) && number > 0 ? number : undefined;
}

function readSeconds(text: string | undefined): number | undefined {
  const seconds = readNumber(text);
  return seconds === undefined ? undefined : seconds * 1000;
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function defined<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>;
}
