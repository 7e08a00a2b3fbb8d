import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { BootError } from '../core/errors.ts';
import type { StepName } from '../core/events.ts';
import { codeOf } from '../lib/describe-error.ts';
import { formatDuration } from '../lib/duration.ts';
import { ProbeServer } from '../lib/probe-server.ts';
import type { Shutdown } from '../lib/shutdown.ts';

export interface HoldOptions {
  readonly holdMs: number;
  readonly port: number;
  readonly hostname: string;
  readonly healthPath: string;
  readonly shutdown: Shutdown;
  readonly log: Logger;
}

/**
 * Keeps the container up after a failure that takes a person, so that a policy that restarts whatever the code does
 * not storm, and one can `exec` in and look. Answers 503 until the time is over or a signal comes; whoever may reach
 * the port learns the code, the step and the time on the health path, and why from nobody but the log.
 */
export async function hold(error: BootError, step: StepName, options: HoldOptions): Promise<void> {
  const { holdMs, port, hostname, healthPath, shutdown, log } = options;
  const failure = { status: 'failed', code: error.code, step, at: new Date().toISOString() };
  const answer = (path: string) => ({ status: 503, body: path === healthPath ? failure : {} });
  let server: ProbeServer | undefined;
  try {
    server = await ProbeServer.listen({ port, hostname, answer });
  } catch (cause) {
    log.warn({ event: 'held' }, `port ${port} cannot be bound while held (${codeOf(cause)})`);
  }
  log.warn(
    { event: 'held', holdMs },
    `held for ${formatDuration(holdMs)} (ENTRYPOINT_HOLD): exec in and look; TERM ends it with ${error.exit.status}`,
  );
  await delay(holdMs, undefined, { signal: shutdown.signal }).catch(() => undefined);
  server?.close();
}
