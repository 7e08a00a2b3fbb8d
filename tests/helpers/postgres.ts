/**
 * `startServer(options?) -> PostgresServer`: a PostgreSQL of the test's own (see `postgres-server.ts` for what it
 * can do), stopped when the test ends. Hand it to `createDatabase({ server })`. Where a database of the run's
 * shared server will do, use `createDatabase()` alone: that costs 50 ms, this half a second.
 */
import { onCleanup } from './cleanup.ts';
import { launchPostgres, type PostgresOptions, type PostgresServer } from './postgres-server.ts';

export type { PostgresAddress, PostgresOptions, PostgresServer } from './postgres-server.ts';

export async function startServer(options: PostgresOptions = {}): Promise<PostgresServer> {
  const server = await launchPostgres(options);
  onCleanup(() => server.stop('immediate'));
  return server;
}
