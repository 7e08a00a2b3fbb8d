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
  /** Undefined if nothing listens on the port, even then. */
  readonly healthPath: string | undefined;
  readonly shutdown: Shutdown;
  readonly log: Logger;
}

/**
 * Keeps the container running after a failure that requires manual action, so that it is not restarted in a loop and
 * can be inspected with `exec`. Answers 503 until the time is over or a signal arrives. The health path shows the code,
 * the step and the time; only the log has the reason.
 */
export async function hold(error: BootError, step: StepName, options: HoldOptions): Promise<void> {
  const { holdMs, port, hostname, healthPath, shutdown, log } = options;
  const failure = { status: 'failed', code: error.code, step, at: new Date().toISOString() };
  const answer = (path: string) => ({ status: 503, body: path === healthPath ? failure : {} });
  let server: ProbeServer | undefined;
  try {
    if (healthPath !== undefined) server = await ProbeServer.listen({ port, hostname, answer });
  } catch (cause) {
    log.warn(
      { event: 'held' },
      `cannot answer probes while held: listening on port ${port} failed (${codeOf(cause)})`,
    );
  }
  log.warn(
    { event: 'held', holdMs },
    `holding the container for ${formatDuration(holdMs)} (ENTRYPOINT_HOLD) so that it can be inspected; SIGTERM ends it with exit status ${error.exit.status}`,
  );
  await delay(holdMs, undefined, { signal: shutdown.signal }).catch(() => undefined);
  server?.close();
}
