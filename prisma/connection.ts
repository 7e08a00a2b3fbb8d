import { readFileSync } from 'node:fs';
import type { PoolConfig } from 'pg';
import { offersTls } from './offers-tls.ts';

export interface Connection {
  /** For `new pg.Pool` and `new PrismaPg`. */
  pool: PoolConfig;
  /** The schema Prisma's tables lie in, where the URL names one. */
  schema?: string;
}

type Parameter = (name: string) => string | undefined;

/**
 * Reads a connection string as Prisma means it. node-postgres alone would ignore `schema` and `connection_limit`,
 * verify certificates under `sslmode=require`, and use no TLS where no mode is named, though servers may insist.
 * @param timeout in milliseconds, for the one question that may have to be put to the server
 * @see https://www.prisma.io/docs/orm/overview/databases/postgresql#arguments
 */
export async function readConnection(connectionString: string, timeout: number): Promise<Connection> {
  const url = parseUrl(connectionString);
  const parameter: Parameter = (name) => url.searchParams.get(name) || undefined;
  const host = parameter('host') ?? decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1');
  const port = Number(url.port || parameter('port') || 5432);
  const mode = readMode(parameter);
  const encrypted = mode === 'prefer' ? await offersTls(host, port, timeout) : mode !== 'disable';
  const pool: PoolConfig = {
    host,
    port,
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
    ssl: encrypted && readTls(mode, parameter),
    ...defined({
      application_name: parameter('application_name'),
      options: parameter('options'),
      max: readNumber(parameter('connection_limit')),
      connectionTimeoutMillis: readSeconds(parameter('connect_timeout')),
      query_timeout: readSeconds(parameter('socket_timeout')),
    }),
  };
  const schema = parameter('schema');
  return { pool, ...(schema && { schema }) };
}

function parseUrl(connectionString: string): URL {
  const url = URL.canParse(connectionString) ? new URL(connectionString) : undefined;
  if (url && /^postgres(ql)?:$/.test(url.protocol)) return url;
  // Without the text: it holds a password.
  throw new Error('The connection string is not a postgresql:// URL.');
}

/** `sslaccept=strict` is how Prisma asks for a verified certificate, and a root given with `require` how libpq does. */
function readMode(parameter: Parameter): string {
  const mode = parameter('sslmode') ?? 'prefer';
  if (mode === 'disable' || mode.startsWith('verify-')) return mode;
  if (parameter('sslaccept') === 'strict') return 'verify-full';
  return mode === 'require' && parameter('sslrootcert') ? 'verify-ca' : mode;
}

/** `sslcert` is the client's certificate beside `sslkey` (libpq), and the trusted authority without it (Prisma). */
function readTls(mode: string, parameter: Parameter): Exclude<PoolConfig['ssl'], boolean> {
  const key = parameter('sslkey');
  const authority = parameter('sslrootcert') ?? (key ? undefined : parameter('sslcert'));
  return {
    rejectUnauthorized: mode.startsWith('verify-'),
    ...(mode !== 'verify-full' && { checkServerIdentity: () => undefined }),
    ...defined({
      ca: readFile(authority),
      cert: key ? readFile(parameter('sslcert')) : undefined,
      key: readFile(key),
      pfx: readFile(parameter('sslidentity')),
      passphrase: parameter('sslpassword'),
    }),
  };
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
