import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import pg from 'pg';
import { explainLimit } from '../core/to-boot-error.ts';
import { codeOf, messageOf } from '../lib/describe-error.ts';
import { formatDuration } from '../lib/duration.ts';
import { Authentication } from './authentication.ts';
import { boundStrings } from './bounded-strings.ts';
import type { ConnectionSettings, SslMode } from './connection-settings.ts';
import { guardSocket } from './guard-socket.ts';
import { openSocket } from './open-socket.ts';
import { fromDriver } from './protocol-error.ts';
import { Session } from './session.ts';

/** Detects a peer that is gone while a long script runs and nothing is sent. */
const KEEP_ALIVE_MS = 30_000;

export interface ConnectOptions {
  /** Instead of the database of the settings, such as `postgres` to create that one. */
  readonly database?: string;
  /** Limit of the attempt, in milliseconds; `connect_timeout` limits it too. */
  readonly timeoutMs?: number;
  /** Limit of the wait for the answer to a short query later on, in milliseconds. */
  readonly answerMs?: number;
  readonly signal: AbortSignal;
}

/**
 * Opens one connection to the server, encrypted as the settings ask. Rejects with the error of the driver or the server, or with
 * a BootError where the machine has no socket to give.
 * With `prefer`, and where pg_hba.conf rejects the encrypted connection, it tries without TLS, as libpq does.
 */
export async function connect(settings: ConnectionSettings, options: ConnectOptions): Promise<Session> {
  const { mode } = settings.tls;
  try {
    return await attempt(settings, mode, options);
  } catch (error) {
    if (mode !== 'prefer' || !isRejectedByHba(error)) throw error;
    return attempt(settings, 'disable', options).catch((again: unknown) => {
      throw isRejectedByHba(again) ? error : again;
    });
  }
}

/** pg_hba.conf rejects before any password is requested. Its name is in the message in every language. */
function isRejectedByHba(error: unknown): boolean {
  return codeOf(error) === '28000' && messageOf(error).includes('pg_hba.conf');
}

async function attempt(
  settings: ConnectionSettings,
  mode: SslMode,
  options: ConnectOptions,
): Promise<Session> {
  const { signal, timeoutMs = Number.POSITIVE_INFINITY } = options;
  const boundMs = Math.max(1, Math.ceil(Math.min(timeoutMs, settings.connectTimeoutMs)));
  const timeout = AbortSignal.timeout(boundMs);
  const bounded = AbortSignal.any([signal, timeout]);
  let socket: Socket | undefined;
  const abort = () => socket?.destroy();
  bounded.addEventListener('abort', abort, { once: true });
  try {
    const [opened, Client] = await Promise.all([openSocket(settings, mode, bounded), loadClient()]);
    socket = opened.socket;
    bounded.throwIfAborted();
    const answers = guardSocket(socket, new Authentication(settings, opened));
    const client = new Client(clientOptions(socket, settings, options.database));
    const session = new Session(client, socket, settings, {
      ...opened,
      answers,
      answerMs: options.answerMs,
      signal,
    });
    await client.connect().catch((error: unknown) => {
      throw fromDriver(error);
    });
    return session;
  } catch (error) {
    socket?.destroy();
    signal.throwIfAborted();
    throw timeout.aborted ? timedOut(boundMs) : (explainLimit(error) ?? error);
  } finally {
    bounded.removeEventListener('abort', abort);
  }
}

/** Opens a connection, runs `work` with it, and always closes it. */
export async function withConnection<Result>(
  settings: ConnectionSettings,
  options: ConnectOptions,
  work: (session: Session) => Promise<Result>,
): Promise<Result> {
  const session = await connect(settings, options);
  try {
    return await work(session);
  } finally {
    session.end();
  }
}

/** Evaluates node-postgres while the server starts a backend for the connection. */
async function loadClient(): Promise<typeof pg.Client> {
  await setImmediate();
  boundStrings();
  return pg.Client;
}

function clientOptions(
  socket: Socket,
  settings: ConnectionSettings,
  database: string | undefined,
): pg.ClientConfig {
  return {
    host: settings.host,
    port: settings.port,
    user: settings.user,
    // Of an empty string the driver looks for another password in the environment and in files.
    password: () => settings.password ?? '',
    database: database ?? settings.database,
    application_name: settings.applicationName ?? 'zarpe',
    ssl: false,
    enableChannelBinding: settings.auth.bindsChannel,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    stream: () => alreadyConnected(socket),
    ...(settings.options !== undefined && { options: settings.options }),
  };
}

/** node-postgres calls `connect` on the stream it is given; this one is connected already. */
function alreadyConnected(socket: Socket): Socket {
  socket.connect = () => {
    process.nextTick(() => socket.emit('connect'));
    return socket;
  };
  return socket;
}

function timedOut(afterMs: number): Error {
  return Object.assign(new Error(`timed out: no answer within ${formatDuration(afterMs)}`), {
    code: 'ETIMEDOUT',
  });
}
