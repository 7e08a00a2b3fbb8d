import { backendKey } from './backend-key.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import type { Session } from './session.ts';

/** Something between us and the server hands its connections around: the backend is not the one we were told of. */
export function isPooled({ client, settings }: Session, backendPid: number): boolean {
  return knownMode(settings) ?? backendKey(client).pid !== backendPid;
}

/** The same as SQL, for the first message of a connection: only the server knows which backend it is. */
export function isPooledHere({ client, settings }: Session): string {
  const { pid } = backendKey(client);
  const isOther = `pg_catalog.pg_backend_pid() is distinct from ${pid ?? 'null'}`;
  return String(knownMode(settings) ?? isOther);
}

/** What the settings alone tell. */
function knownMode(settings: ConnectionSettings): boolean | undefined {
  if (settings.pgbouncer) return true;
  return isSessionPooler(settings) ? false : undefined;
}

/**
 * A pooler that leaves a session to its client until that goes. No pooler tells its mode; of Supabase's, the port does.
 * @see https://supabase.com/docs/guides/database/connecting-to-postgres
 */
function isSessionPooler({ host, port }: ConnectionSettings): boolean {
  return host.endsWith('.pooler.supabase.com') && port === 5432;
}
