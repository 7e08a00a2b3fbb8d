/** What an interrupted statement may leave in a database, and no migration should: empty where all is well. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Database } from '../../helpers/database.ts';

export async function findLeftovers(database: Database): Promise<string[]> {
  const rows = await database.query<{ what: string }>(`
    SELECT 'invalid index ' || indexrelid::regclass AS what FROM pg_index
      WHERE NOT (indisvalid AND indisready AND indislive)
    UNION ALL SELECT 'partition being detached ' || inhrelid::regclass FROM pg_inherits WHERE inhdetachpending
    UNION ALL SELECT 'prepared transaction ' || gid FROM pg_prepared_xacts WHERE database = current_database()
    UNION ALL SELECT 'database half made ' || datname FROM pg_database WHERE datconnlimit = -2`);
  return rows.map(({ what }) => what);
}

/** Valid indexes: oid and name. */
export async function validIndexes(database: Database): Promise<string[]> {
  const rows = await database.query<{ index: string }>(
    `SELECT indexrelid::text || ' ' || indexrelid::regclass AS index FROM pg_index
     WHERE indisvalid AND indrelid::regclass::text LIKE 'items%' ORDER BY 1`,
  );
  return rows.map(({ index }) => index);
}

/** Waits until nothing is at work any more of what a killed process had sent. */
export async function sessionsAreGone(database: Database): Promise<void> {
  const busy = `SELECT FROM pg_stat_activity WHERE datname = '${database.name}' AND application_name = 'zarpe'`;
  while ((await database.admin(busy)).length > 0) await pause(20);
}
