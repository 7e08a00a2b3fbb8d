import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { DEFAULT_HEALTH_PATH } from '../../core/health-path.ts';
import type { StepLog } from '../../core/step-log.ts';
import { formatDuration } from '../../lib/duration.ts';
import { localAddress } from '../../lib/local-address.ts';
import type { ServerConfig } from './settings.ts';

/** A request before that would slow down the start of the server. */
const FIRST_REQUEST_MS = 200;
const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 1000;
const REQUEST_TIMEOUT_MS = 5000;
const WARN_AFTER_MS = 60_000;

/** Sends requests until the server responds, with any status, and logs how long that took. */
export async function reportFirstResponse(
  config: ServerConfig,
  startedAt: number,
  signal: AbortSignal,
  log: StepLog,
): Promise<void> {
  const age = () => Math.round(performance.now() - startedAt);
  let pauseMs = FIRST_PAUSE_MS;
  let hasWarned = false;
  await delay(Math.max(0, FIRST_REQUEST_MS - age()), undefined, { signal, ref: false }).catch(
    () => undefined,
  );
  while (!signal.aborted) {
    const responded = await responds(config, signal);
    if (signal.aborted) return;
    const sinceMs = age();
    if (responded) {
      log.info(
        'ready',
        `the server is ready: first response on port ${config.port} after ${formatDuration(sinceMs)}`,
        {
          readyMs: sinceMs,
        },
      );
      return;
    }
    if (sinceMs > WARN_AFTER_MS && !hasWarned) {
      hasWarned = true;
      log.warn('silent', `no response from the server on port ${config.port} for ${formatDuration(sinceMs)}`);
    }
    await delay(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
    pauseMs = Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS);
  }
}

/** Over a bare socket: nothing else here needs node:http, and a loaded module stays in memory. */
function responds({ port, hostname, healthPath }: ServerConfig, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: localAddress(hostname), port, signal, timeout: REQUEST_TIMEOUT_MS });
    socket.write(
      `GET ${healthPath ?? DEFAULT_HEALTH_PATH} HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n\r\n`,
    );
    socket.once('data', () => resolve(true));
    socket.on('timeout', () => socket.destroy());
    socket.on('error', () => resolve(false));
    socket.on('close', () => resolve(false));
    socket.resume();
  });
}
