import { Socket } from 'node:net';
import pg from 'pg';
import type { ConnectionSettings } from '../connection-settings.ts';
import { Session } from './session.ts';
import { type TlsAttempt, tlsAttempts } from './tls.ts';

export interface ConnectOptions {
  /** Another database than the one of the settings, such as `postgres` to create that one. */
  readonly database?: string;
  /** Bound of the attempt, in milliseconds. */
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
}

/** One connection to the server, encrypted as the settings ask. Rejects with what the driver or the server said. */
export async function connect(settings: ConnectionSettings, options: ConnectOptions): Promise<Session> {
  const attempts = tlsAttempts(settings);
  for (const [index, ssl] of attempts.entries()) {
    try {
      return await attempt(settings, ssl, options);
    } catch (error) {
      if (index === attempts.length - 1 || !isTlsRefusal(error)) throw error;
    }
  }
  throw new Error('unreachable: there is always an attempt');
}

/** Runs work on a connection of its own, and always closes it. */
export async function withConnection<Result>(
  settings: ConnectionSettings,
  options: ConnectOptions,
  work: (session: Session) => Promise<Result>,
): Promise<Result> {
  const session = await connect(settings, options);
  try {
    return await work(session);
  } finally {
    await session.end();
  }
}

async function attempt(
  settings: ConnectionSettings,
  ssl: TlsAttempt,
  options: ConnectOptions,
): Promise<Session> {
  const { signal } = options;
  signal.throwIfAborted();
  const socket = new Socket();
  const client = new pg.Client({
    host: settings.host,
    port: settings.port,
    user: settings.user,
    password: settings.password ?? '',
    database: options.database ?? settings.database,
    application_name: settings.applicationName ?? 'zarpe',
    ssl,
    connectionTimeoutMillis: Math.max(
      1,
      Math.min(options.timeoutMs ?? Number.POSITIVE_INFINITY, settings.connectTimeoutMs),
    ),
    keepAlive: true,
    stream: () => socket,
    ...(settings.options !== undefined && { options: settings.options }),
  });
  const session = new Session(client, settings, ssl !== false);
  const abort = () => socket.destroy(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    await client.connect();
    return session;
  } catch (error) {
    socket.destroy();
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** The server offers no TLS, or the handshake broke: the cases in which libpq's `prefer` goes on in the clear. */
function isTlsRefusal(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return (
    /does not support SSL|establishing an SSL/.test(error.message) || /^(?:ERR_SSL|EPROTO|ERR_TLS)/.test(code)
  );
}
