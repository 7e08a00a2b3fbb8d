import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { StepLog } from '../../core/step-log.ts';
import { formatDuration } from '../../lib/duration.ts';
import { localAddress } from '../../lib/local-address.ts';
import { DEFAULT_HEALTH_PATH } from '../check-build/health-path.ts';
import type { ServerConfig } from './settings.ts';

/** Not at once: asking costs time that the server starts with. */
const FIRST_LOOK_MS = 200;
const NEXT_LOOK_MS = 25;
const LONGEST_LOOK_MS = 1000;
const PATIENCE_MS = 5000;
const SILENT_AFTER_MS = 60_000;

/** Asks until the server answers, whatever it answers, and tells how long that took. */
export async function reportFirstAnswer(
  config: ServerConfig,
  startedAt: number,
  signal: AbortSignal,
  log: StepLog,
): Promise<void> {
  const age = () => Math.round(performance.now() - startedAt);
  let pauseMs = NEXT_LOOK_MS;
  let told = false;
  await delay(Math.max(0, FIRST_LOOK_MS - age()), undefined, { signal, ref: false }).catch(() => undefined);
  while (!signal.aborted) {
    const answered = await answers(config, signal);
    if (signal.aborted) return;
    const sinceMs = age();
    if (answered) {
      log.info('ready', `the server answers on port ${config.port} after ${formatDuration(sinceMs)}`, {
        readyMs: sinceMs,
      });
      return;
    }
    if (sinceMs > SILENT_AFTER_MS && !told) {
      told = true;
      log.warn('silent', `the server has not answered on port ${config.port} for ${formatDuration(sinceMs)}`);
    }
    await delay(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
    pauseMs = Math.min(pauseMs * 1.5, LONGEST_LOOK_MS);
  }
}

/** Over a bare socket: nothing else here needs node:http, and what is loaded stays in memory. */
function answers({ port, hostname, healthPath }: ServerConfig, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: localAddress(hostname), port, signal, timeout: PATIENCE_MS });
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
