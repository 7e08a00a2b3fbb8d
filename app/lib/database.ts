import { PrismaPg } from '@prisma/adapter-pg';
import type { PoolConfig } from 'pg';
import { readConnection } from '../../prisma/connection.ts';
import { PrismaClient } from '../../prisma/generated/client.ts';

/** A page must not hang where the database does; the URL's own `connect_timeout` and `socket_timeout` win. */
const DEFAULTS = { connectionTimeoutMillis: 3_000, query_timeout: 10_000 } satisfies PoolConfig;

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
    { ...DEFAULTS, ...pool },
    { ...(schema && { schema }), onPoolError: () => {} },
  );
  return new PrismaClient({ adapter, errorFormat: 'minimal' });
}
