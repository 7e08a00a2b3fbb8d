import type { ConnectionSettings } from '../postgres/connection-settings.ts';
import { type AppConnection, driverVariables } from '../postgres/driver-url.ts';
import { openSocket } from '../postgres/open-socket.ts';
import type { Session } from '../postgres/session.ts';

/** Longest wait for the server's own connection, in milliseconds: the boot does not depend on it. */
const PATIENCE_MS = 3000;

interface AppTarget {
  readonly appEnv: NodeJS.ProcessEnv;
  readonly database: { readonly ofApp: readonly AppConnection[] };
}

/**
 * The environment of the seed and the server, where `sslmode=prefer` has become what was found: node-postgres cannot
 * ask the server, and would fail or go on in the clear.
 */
export async function settleAppEnv(
  { appEnv, database }: AppTarget,
  session: Session,
  signal: AbortSignal,
): Promise<NodeJS.ProcessEnv> {
  const settled = database.ofApp.map(async (connection) => {
    if (connection.settings.tls.mode !== 'prefer') return connection;
    const isOurs = connection.settings === session.settings;
    return {
      ...connection,
      encrypted: isOurs ? session.encrypted : await wouldEncrypt(connection.settings, signal),
    };
  });
  return { ...appEnv, ...driverVariables(await Promise.all(settled)) };
}

/** Asks a server that we do not connect to otherwise: behind `DATABASE_URL` where there is a `DIRECT_URL`. */
async function wouldEncrypt(settings: ConnectionSettings, signal: AbortSignal): Promise<boolean | undefined> {
  try {
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
    const { socket, encrypted } = await openSocket(settings, 'prefer', bounded);
    socket.destroy();
    return encrypted;
  } catch {
    return undefined;
  }
}
