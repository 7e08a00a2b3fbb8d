import { BootError } from '../../lib/errors.ts';
import type { Database } from '../../prisma/database.ts';
import { type Migration, readScript } from '../../prisma/migrations-folder.ts';

/**
 * Behind a pooler only what is one transaction holds together: its steps may each go to another backend. Refuses, before
 * anything is applied, pending migrations that are not.
 */
export function refuseStepsBehindPooler(database: Database, pending: readonly Migration[]): void {
  if (!database.isPooled) return;
  const inSteps = pending.flatMap((migration) => {
    const { atomicity } = readScript(migration);
    return atomicity.atomic ? [] : [`${migration.name} (${atomicity.reason})`];
  });
  if (inSteps.length > 0) throw poolerUnsuitable(database, inSteps);
}

export function poolerUnsuitable(database: Database, inSteps: readonly string[]): BootError {
  const { source, host, port } = database.session.settings;
  return new BootError('POOLER_UNSUITABLE', {
    what: source,
    expected: 'a direct connection for migrations that cannot be one transaction',
    got: `a pooler at ${host}:${port}, and ${inSteps.join(', ')} pending`,
    action: `Set DIRECT_URL to the server itself${knownDirectHost(host, port)}.`,
  });
}

/** Where the server is behind the poolers of well-known services. */
function knownDirectHost(host: string, port: number): string {
  if (/-pooler\./.test(host))
    return `, at Neon the same host without "-pooler" (${host.replace('-pooler.', '.')})`;
  if (/\.supabase\.(?:co|com)$/.test(host) && port === 6543) return ', at Supabase port 5432 instead of 6543';
  return '';
}
