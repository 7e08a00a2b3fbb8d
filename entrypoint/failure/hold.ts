import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { codeOf } from '../lib/database/connection-error.ts';
import { formatDuration } from '../lib/duration.ts';
import type { BootError } from '../lib/errors.ts';
import { ProbeServer } from '../lib/probe-server.ts';
import type { Shutdown } from '../lib/shutdown.ts';

export interface HoldOptions {
  readonly holdMs: number;
  readonly port: number;
  readonly hostname: string;
  readonly redact: (text: string) => string;
  readonly shutdown: Shutdown;
  readonly log: Logger;
}

/**
 * Keeps the container up after a failure that takes a person, so that a policy that restarts whatever the code does
 * not storm, and one can `exec` in and look. Answers 503 with the summary until the time is over or a signal comes.
 */
export async function hold(error: BootError, options: HoldOptions): Promise<void> {
  const { holdMs, port, hostname, redact, shutdown, log } = options;
  const body = {
    status: 'failed',
    code: error.code,
    exitStatus: error.exit.status,
    problems: error.problems.map(({ what, expected, got, action }) =>
      redact(`${what}: expected ${expected}, got ${got}. ${action}`),
    ),
  };
  let server: ProbeServer | undefined;
  try {
    server = await ProbeServer.listen({ port, hostname, answer: () => ({ status: 503, body }) });
  } catch (cause) {
    log.warn({ event: 'held' }, `port ${port} cannot be bound while held (${codeOf(cause)})`);
  }
  log.warn(
    { event: 'held', holdMs },
    `held for ${formatDuration(holdMs)} (ENTRYPOINT_HOLD): exec in and look; TERM ends it with ${error.exit.status}`,
  );
  await delay(holdMs, undefined, { signal: shutdown.signal }).catch(() => undefined);
  await server?.close();
}
