import { BootError } from '../../core/errors.ts';
import type { Database } from '../../database/database.ts';
import { type Migration, readScript } from '../../migrations/migrations-folder.ts';

/**
 * Behind a pooler each query may go to another backend: only one transaction stays together. Refuses, before anything is
 * applied, pending migrations that are known to need more.
 */
export function refuseAutocommitBehindPooler(database: Database, pending: readonly Migration[]): void {
  if (!database.isPooled) return;
  const unsuitable = pending.flatMap((migration) => {
    const { mode, autocommit } = readScript(migration).plan;
    return mode === 'transaction' || autocommit.kind === 'none'
      ? []
      : [`${migration.name} (${autocommit.reason})`];
  });
  if (unsuitable.length > 0) throw poolerUnsuitable(database, unsuitable);
}

export function poolerUnsuitable(database: Database, migrations: readonly string[]): BootError {
  const { source, host, port } = database.session.settings;
  return new BootError('POOLER_UNSUITABLE', {
    message: `${source.url} leads to a pooler at ${host}:${port}, and pending migrations cannot run in one transaction: ${migrations.join(', ')}`,
    hint: `Set ${source.direct} to a direct connection to the server${knownDirectHost(host, port)}.`,
  });
}

/** Where the server is behind the poolers of well-known services. */
function knownDirectHost(host: string, port: number): string {
  if (/-pooler\./.test(host))
    return `, at Neon the same host without "-pooler" (${host.replace('-pooler.', '.')})`;
  if (/\.supabase\.(?:co|com)$/.test(host) && port === 6543) return ', at Supabase port 5432 instead of 6543';
  return '';
}
