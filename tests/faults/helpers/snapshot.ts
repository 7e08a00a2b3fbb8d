/**
 * All that migrations leave in a database, as text: equal texts, equal databases.
 *
 *     const states = await referenceStates(history, server);      // states[k]: after the first k, sent as psql would
 *     expect(await takeSnapshot(database)).toBe(states[k]);
 */
import { createHash } from 'node:crypto';
import pg from 'pg';
import { createDatabase, type Database, dumpSchema } from '../../helpers/database.ts';
import type { PostgresAddress } from '../../helpers/postgres-server.ts';
import type { History } from './history.ts';

/** The schema, and of each table the number of rows and a digest of them; all but Prisma's own table. */
export async function takeSnapshot(database: Database): Promise<string> {
  const schema = await dumpSchema(database.url, { exclude: /_prisma_migrations/ });
  return `${schema}\n\n-- rows\n${await digestRows(database)}`;
}

/** The states that a history leads through, made without the entrypoint: each script is one query, as psql -c sends it. */
export async function referenceStates(history: History, server?: PostgresAddress): Promise<string[]> {
  const database = await createDatabase(server === undefined ? {} : { server });
  const states = [await takeSnapshot(database)];
  for (const name of history.names) {
    await database.query(history.migrations[name]?.replace(/^\uFEFF/, '') ?? '');
    states.push(await takeSnapshot(database));
  }
  await database.drop();
  return states;
}

/** What `_prisma_migrations` holds once a history is applied, and nothing was left behind on the way. */
export function expectedRecords({ migrations, names }: Pick<History, 'migrations' | 'names'>) {
  return names.map((name) => ({
    migration_name: name,
    checksum: createHash('sha256')
      .update(migrations[name] ?? '')
      .digest('hex'),
    finished: true,
    rolled_back: false,
    applied_steps_count: 1,
    logs: null,
  }));
}

/** Without `id`: a sequence gives no number back when a transaction is rolled back. */
async function digestRows(database: Database): Promise<string> {
  const tables = await database.query<{ name: string }>(
    `SELECT oid::regclass::text AS name FROM pg_class WHERE relkind IN ('r', 'm')
       AND relnamespace = 'public'::regnamespace AND relname <> '_prisma_migrations' ORDER BY 1`,
  );
  if (tables.length === 0) return 'none';
  const digests = tables.map(
    ({ name }) => `SELECT ${pg.escapeLiteral(name)} AS name, count(*) AS rows,
      md5(string_agg((to_jsonb(t) - 'id')::text, ',' ORDER BY (to_jsonb(t) - 'id')::text COLLATE "C")) AS digest FROM ${name} t`,
  );
  const rows = await database.query<{ name: string; rows: string; digest: string }>(
    digests.join(' UNION ALL '),
  );
  return rows
    .map(({ name, rows, digest }) => `${name} ${rows} ${digest}`)
    .sort()
    .join('\n');
}
