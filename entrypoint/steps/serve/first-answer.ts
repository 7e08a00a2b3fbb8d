import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { formatDuration } from '../../lib/duration.ts';
import { localAddress } from '../../lib/local-address.ts';
import type { StepLog } from '../../lib/step-log.ts';
import type { ServerConfig } from './settings.ts';

/** Not at once: asking costs time that the server starts with. */
const FIRST_LOOK_MS = 200;
const NEXT_LOOK_MS = 25;
const LONGEST_LOOK_MS = 1000;
const SILENT_AFTER_MS = 60_000;

/** Asks until the server answers, whatever it answers, and tells how long that took. */
export async function reportFirstAnswer(
  config: ServerConfig,
  spawned: number,
  signal: AbortSignal,
  log: StepLog,
): Promise<void> {
  let pauseMs = FIRST_LOOK_MS;
  let told = false;
  while (!signal.aborted) {
    await delay(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
    pauseMs = pauseMs === FIRST_LOOK_MS ? NEXT_LOOK_MS : Math.min(pauseMs * 1.5, LONGEST_LOOK_MS);
    if (signal.aborted) return;
    const answered = await answers(config, signal);
    const sinceMs = Math.round(performance.now() - spawned);
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
  }
}

function answers(config: ServerConfig, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(
      {
        host: localAddress(config.hostname),
        port: config.port,
        path: config.healthPath,
        agent: false,
        timeout: LONGEST_LOOK_MS * 5,
        signal,
      },
      (response) => {
        response.resume();
        resolve(true);
      },
    );
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}
