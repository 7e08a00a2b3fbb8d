import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { startServer } from '../helpers/postgres.ts';
import type { PostgresServer } from '../helpers/postgres-server.ts';
import { createTrappedDatabase, type SearchPath, trapped } from '../helpers/traps.ts';

const COMMON = join(import.meta.dirname, '../../docker/backup-common.sh');

/** The number of tables, and what restore.sh asks of another database: here of this one, where the traps are. */
const ASK = `. "$1"; count_tables; query --command "SELECT 1 FROM pg_database WHERE datname = 'gone'"`;

let server: PostgresServer;
beforeAll(async () => {
  server = await startServer();
});

test.each<SearchPath>(['implicit', 'last'])(
  'the scripts of the backup ask a database full of traps, with pg_catalog %s in the search path, and reach none',
  async (path) => {
    const { database, owner } = await createTrappedDatabase(server, path);
    const env = {
      ...process.env,
      PGHOST: database.host,
      PGPORT: String(database.port),
      PGDATABASE: database.name,
      PGUSER: owner.name,
      PGPASSWORD: owner.password,
    };
    const { stdout } = await promisify(execFile)('sh', ['-euc', ASK, 'sh', COMMON], { env });
    expect(stdout.trim()).toMatch(/^\d+$/);
    expect(await trapped(server, database, owner)).toEqual([]);
  },
);
