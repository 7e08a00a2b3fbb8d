import { once } from 'node:events';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { BootError } from '../core/errors.ts';
import { type ConnectionSettings, describeTarget, type SslMode } from './connection-settings.ts';
import { readTlsOptions } from './tls.ts';

/** Protocol code 1234.5679: asks the server whether it supports TLS. The answer is one byte. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

export interface OpenSocket {
  readonly socket: Socket;
  readonly encrypted: boolean;
}

/**
 * A socket to the server, encrypted as libpq would do it: with `prefer` the connection continues without TLS where the
 * server does not support it, and a new one without TLS is opened where the handshake fails.
 * @see https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL
 */
export async function openSocket(
  settings: ConnectionSettings,
  mode: SslMode,
  signal: AbortSignal,
): Promise<OpenSocket> {
  if (mode === 'disable' || settings.host.startsWith('/')) {
    return { socket: await openPlain(settings, signal), encrypted: false };
  }
  const socket = await openPlain(settings, signal);
  try {
    if (!(await offersTls(socket, settings, signal))) {
      if (mode === 'prefer') return { socket, encrypted: false };
      throw tlsUnsupported(settings);
    }
    return { socket: await encrypt(socket, settings, signal), encrypted: true };
  } catch (error) {
    socket.destroy();
    if (mode !== 'prefer' || !isHandshakeError(error)) throw error;
    return { socket: await openPlain(settings, signal), encrypted: false };
  }
}

async function openPlain({ host, port }: ConnectionSettings, signal: AbortSignal): Promise<Socket> {
  const socket = host.startsWith('/') ? connectTcp(`${host}/.s.PGSQL.${port}`) : connectTcp(port, host);
  try {
    await once(socket, 'connect', { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

async function offersTls(
  socket: Socket,
  settings: ConnectionSettings,
  signal: AbortSignal,
): Promise<boolean> {
  socket.write(SSL_REQUEST);
  const closed = once(socket, 'close', { signal }).then(() => {
    throw Object.assign(new Error('the server closed the connection'), { code: 'ECONNRESET' });
  });
  const [answer]: Buffer[] = await Promise.race([once(socket, 'data', { signal }), closed]);
  closed.catch(() => undefined);
  switch (answer?.toString('latin1')) {
    case 'S':
      return true;
    case 'N':
      return false;
    default:
      if (answer?.toString('latin1', 0, 1) === 'S') throw injectedBytes(settings);
      throw Object.assign(new Error('the server did not accept the connection'), { code: 'ECONNABORTED' });
  }
}

function tlsUnsupported(settings: ConnectionSettings): BootError {
  const { mode } = settings.tls;
  return new BootError('DATABASE_TLS', {
    message: `Could not connect to ${describeTarget(settings)}: the server does not support SSL, but sslmode=${mode} requires it`,
    hint: `Turn on TLS on the server (ssl = on), or, on a network you trust, set sslmode=prefer or disable in ${settings.source.params}.`,
  });
}

/**
 * Bytes that a man in the middle sends before the handshake must never be taken for the server's answer after it.
 * @see https://www.postgresql.org/support/security/CVE-2021-23222/
 */
function injectedBytes(settings: ConnectionSettings): BootError {
  return new BootError('DATABASE_TLS', {
    message: `Could not connect to ${describeTarget(settings)}: received unencrypted data after the SSL response, as in a man-in-the-middle attack`,
    hint: 'Check every proxy and load balancer between here and the server: one of them is broken or tampers with the connection.',
  });
}

async function encrypt(socket: Socket, settings: ConnectionSettings, signal: AbortSignal): Promise<Socket> {
  const tls = await import('node:tls');
  const secure = tls.connect({
    ...readTlsOptions(settings.source.params, settings.tls),
    socket,
    host: settings.host,
    ...(isIP(settings.host) === 0 && { servername: settings.host }),
  });
  await once(secure, 'secureConnect', { signal });
  return secure;
}

function isHandshakeError(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    /^(?:ERR_SSL|ERR_TLS|EPROTO|ECONNRESET)/.test(String(error.code))
  );
}
