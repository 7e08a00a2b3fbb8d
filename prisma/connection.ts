import { readFileSync } from 'node:fs';
import type { PoolConfig } from 'pg';
import { type ConnectionOptions, parse, toClientConfig } from 'pg-connection-string';
import { carefulClient } from './careful-client.ts';

export interface Connection {
  /** For `new pg.Pool` and `new PrismaPg`. */
  pool: PoolConfig;
  /** The schema Prisma's tables lie in, where the URL names one. */
  schema?: string;
}

type Parameter = (name: string) => string | undefined;

/** What says how the connection is protected, and is read here or by node-postgres. */
const PROTECTION =
  /^(?:sslmode|sslrootcert|sslcert|sslkey|sslidentity|sslpassword|sslaccept|sslnegotiation|sslsni|sslcertmode|sslcompression|uselibpqcompat|channel_binding|require_auth)$/;

/**
 * Reads a connection string with node-postgres's own parser, and what of Prisma's parameters it does not know. Zarpe
 * hands on `sslmode` in the parser's words; without Zarpe, no mode is no TLS.
 * @see https://www.prisma.io/docs/orm/overview/databases/postgresql#arguments
 */
export function readConnection(connectionString: string): Connection {
  const url = parseUrl(connectionString);
  const parameter: Parameter = (name) => url.searchParams.get(name) || undefined;
  refuseIgnored(url.searchParams, parameter);
  const options = parse(connectionString, { useLibpqCompat: parameter('uselibpqcompat') === undefined });
  const pool: PoolConfig = {
    ...toClientConfig({ ...options, ssl: withIdentity(options.ssl, parameter) ?? false }),
    port: Number(parameter('port') ?? (url.port || 5432)),
    // The parser leaves some of its percent signs.
    database: decodeURIComponent(url.pathname.slice(1)),
    enableChannelBinding: parameter('channel_binding') === 'require',
    Client: carefulClient(parameter('require_auth'), parameter('channel_binding')),
    ...defined({
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

/** Ignored, a misspelt `sslmode` is no TLS. Zarpe refuses the same, and names what was meant. */
function refuseIgnored(parameters: URLSearchParams, parameter: Parameter): void {
  for (const name of parameters.keys()) {
    if (parameters.getAll(name).length > 1) throw new Error(`The connection string has ${name} twice.`);
    if (PROTECTION.test(name) && parameter(name) === undefined)
      throw new Error(`The connection string has ${name} without a value.`);
    if (/ssl|tls|auth|binding/i.test(name) && !PROTECTION.test(name)) {
      throw new Error(`The connection string has ${name}, which would be ignored.`);
    }
  }
  if (parameter('sslaccept') === 'strict' && !parameter('sslmode')?.startsWith('verify-')) {
    throw new Error('The connection string has sslaccept=strict: write sslmode=verify-full.');
  }
}

/** Prisma's PKCS #12 file, and libpq's passphrase of `sslkey`. */
function withIdentity(ssl: ConnectionOptions['ssl'], parameter: Parameter): ConnectionOptions['ssl'] {
  const file = parameter('sslidentity');
  const identity = defined({ pfx: file && readFileSync(file), passphrase: parameter('sslpassword') });
  return typeof ssl === 'object' ? { ...ssl, ...identity } : ssl;
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
