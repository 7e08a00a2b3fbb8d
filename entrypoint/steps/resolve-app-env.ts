import { BootError, type SettingProblem } from '../core/errors.ts';
import { withConnection } from '../postgres/connect.ts';
import type { ConnectionSettings } from '../postgres/connection-settings.ts';
import { type AppConnection, driverVariables } from '../postgres/driver-url.ts';
import { openSocket } from '../postgres/open-socket.ts';
import type { Session } from '../postgres/session.ts';

/** How long to wait for each answer of a server that only the app connects to, in milliseconds: the boot does not depend on it. */
const TIMEOUT_MS = 3000;

export interface AppTarget {
  readonly appEnv: NodeJS.ProcessEnv;
  /** Variables that may refer to the connection strings; what cannot be made becomes a problem. */
  readonly templates: {
    expand(env: NodeJS.ProcessEnv, problems: SettingProblem[]): Readonly<Record<string, string>>;
  };
  readonly database: { readonly ofApp: readonly AppConnection[] };
}

/**
 * The environment of the seed and the server. Replaces `sslmode=prefer` by what the server supports: node-postgres
 * cannot negotiate, and would fail or connect without TLS. Without a session of ours every server is asked.
 */
export async function resolveAppEnv(
  { appEnv, templates, database }: AppTarget,
  session: Session | undefined,
  signal: AbortSignal,
): Promise<NodeJS.ProcessEnv> {
  const resolved = database.ofApp.map(async (connection) => {
    if (connection.settings.tls.mode !== 'prefer') return connection;
    const encrypted =
      connection.settings === session?.settings
        ? session.encrypted
        : await wouldEncrypt(connection.settings, signal);
    return { ...connection, encrypted };
  });
  const env = { ...appEnv, ...driverVariables(await Promise.all(resolved)) };
  const problems: SettingProblem[] = [];
  const derived = templates.expand(env, problems);
  if (problems.length > 0) throw new BootError('CONFIG_INVALID', problems);
  return { ...env, ...derived };
}

/**
 * Asks a server that only the app connects to: its own, if there is a direct connection beside it. A login tells, as
 * pg_hba.conf may refuse the role with TLS on a server that supports it; where the login fails or takes too long, what the server offers.
 */
async function wouldEncrypt(settings: ConnectionSettings, signal: AbortSignal): Promise<boolean | undefined> {
  const bounded = () => AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  try {
    return await withConnection(settings, { signal: bounded() }, async ({ encrypted }) => encrypted);
  } catch {
    return offersTls(settings, bounded());
  }
}

async function offersTls(settings: ConnectionSettings, signal: AbortSignal): Promise<boolean | undefined> {
  try {
    const { socket, encrypted } = await openSocket(settings, 'prefer', signal);
    socket.destroy();
    return encrypted;
  } catch {
    return undefined;
  }
}
