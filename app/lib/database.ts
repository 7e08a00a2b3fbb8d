import { PrismaPg } from '@prisma/adapter-pg';
import { readConnection } from '../../prisma/connection.ts';
import { PrismaClient } from '../../prisma/generated/client.ts';

/** A page must not hang where the database does; the URL's own `connect_timeout` and `socket_timeout` win. */
const CONNECT_TIMEOUT = 3_000;
const QUERY_TIMEOUT = 10_000;

let client: Promise<PrismaClient> | undefined;

/** The one client of this process, made when it is first needed: a build has no database. */
export function database(): Promise<PrismaClient> {
  client ??= connect().catch((error: unknown) => {
    client = undefined;
    throw error;
  });
  return client;
}

/** The server's connection, of `DATABASE_URL` alone: a pooler's, where there is one. */
export function readServerConnection(timeout: number) {
  return readConnection(process.env.DATABASE_URL ?? '', timeout);
}

async function connect(): Promise<PrismaClient> {
  const { pool, schema } = await readServerConnection(CONNECT_TIMEOUT);
  const adapter = new PrismaPg(
    { connectionTimeoutMillis: CONNECT_TIMEOUT, query_timeout: QUERY_TIMEOUT, ...pool },
    // A connection that breaks while it is idle leaves the pool by itself; the next query tells.
    { ...(schema && { schema }), onPoolError: () => {} },
  );
  return new PrismaClient({ adapter, errorFormat: 'minimal' });
}
