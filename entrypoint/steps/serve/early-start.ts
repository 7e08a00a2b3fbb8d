import type { Logger } from 'pino';
import { wantsExec } from './exec.ts';
import type { ServerConfig, ServerTarget } from './settings.ts';

/** What a first boot may take with Next.js and the schema engine in memory at once: docs/architecture.md. */
const LEAST_MEMORY = 192_000_000;

/** Whether the server is to load while the database is prepared: as asked, or under `auto` where it does no harm. */
export function startsEarly(target: ServerTarget, config: ServerConfig, log: Logger): boolean {
  if (wantsExec(config) || config.preload === 'off') return false;
  if (config.preload === 'on') return true;
  const memory = process.constrainedMemory();
  if (!target.isNextServer || memory === undefined || memory === 0 || memory >= LEAST_MEMORY)
    return target.isNextServer;
  const [has, needs] = [memory, LEAST_MEMORY].map((bytes) => `${Math.round(bytes / 1e6)} MB`);
  log.info(
    { step: 'server', event: 'deferred', memory },
    `the server is started when the database is ready: the container has ${has}, and loading it meanwhile may take ${needs} (ENTRYPOINT_PRELOAD=on does so all the same)`,
  );
  return false;
}
