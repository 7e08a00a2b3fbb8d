import { PrismaPg } from '@prisma/adapter-pg';
import { readConnection } from '../../prisma/connection.ts';
import { PrismaClient } from '../../prisma/generated/client.ts';

/** A page must not hang where the database does; the URL's own `connect_timeout` and `socket_timeout` win. */
const CONNECT_TIMEOUT = 3_000;
const QUERY_TIMEOUT = 10_000;

let client: PrismaClient | undefined;

/** The one client of this process, made when it is first needed: a build has no database. */
export function database(): PrismaClient {
  client ??= connect();
  return client;
}

/** The server's connection, of `DATABASE_URL` alone: a pooler's, where there is one. */
export function readServerConnection() {
  return readConnection(process.env.DATABASE_URL ?? '');
}

function connect(): PrismaClient {
  const { pool, schema } = readServerConnection();
  const adapter = new PrismaPg(
    { connectionTimeoutMillis: CONNECT_TIMEOUT, query_timeout: QUERY_TIMEOUT, ...pool },
    // A connection that breaks while it is idle leaves the pool by itself; the next query tells.
    { ...(schema && { schema }), onPoolError: () => {} },
  );
  return new PrismaClient({ adapter, errorFormat: 'minimal' });
}
