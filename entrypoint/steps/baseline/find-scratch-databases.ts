import { count } from '../../lib/count.ts';
import { quoteIdentifier, type Session } from '../../postgres/session.ts';

export const SCRATCH_PREFIX = 'zarpe_scratch_';

/** Databases of ours that are left from a command for this database: their names hold its number, and we own them. */
export async function findScratchDatabases(session: Session): Promise<string[]> {
  const rows = await session.query<{ name: string }>(`
    select s.datname::text as name from pg_catalog.pg_database as s, pg_catalog.pg_database as d
    where d.datname = pg_catalog.current_database()
      and s.datname ~ pg_catalog.concat('^${SCRATCH_PREFIX}', d.oid, '_[0-9a-f]{16}$')
      and pg_catalog.pg_get_userbyid(s.datdba) = current_user
    order by s.datname`);
  return rows.map(({ name }) => name);
}

/** With FORCE: a killed command may have left a session that still works there. */
export function dropScratchDatabase(name: string): string {
  return `DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`;
}

/** What `status` and `check` say of them; undefined where there are none. */
export function describeScratchDatabases(
  names: readonly string[],
): { readonly message: string; readonly commands: readonly string[] } | undefined {
  if (names.length === 0) return undefined;
  const what = `${count(names.length, 'scratch database')} of a baseline that was interrupted or still runs`;
  return {
    message: `${what}: the next baseline drops what is left, or drop it yourself:`,
    commands: names.map(dropScratchDatabase),
  };
}
