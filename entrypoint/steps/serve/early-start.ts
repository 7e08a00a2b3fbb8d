import type { Logger } from 'pino';
import { wantsExec } from './exec.ts';
import type { ServerConfig, ServerTarget } from './settings.ts';

/** What a first boot needs with Next.js and the schema engine in memory at once: docs/architecture.md. */
const MIN_MEMORY = 192_000_000;

/** Whether the server loads while the database is prepared: as configured, or with `auto` if that is safe. */
export function startsEarly(target: ServerTarget, config: ServerConfig, log: Logger): boolean {
  if (wantsExec(config) || config.preload === 'off') return false;
  if (config.preload === 'on') return true;
  const memory = process.constrainedMemory();
  if (!target.isNextServer || memory === undefined || memory === 0 || memory >= MIN_MEMORY)
    return target.isNextServer;
  const [limit, needed] = [memory, MIN_MEMORY].map((bytes) => `${Math.round(bytes / 1e6)} MB`);
  log.info(
    { step: 'server', event: 'deferred', memory },
    `the server will start once the database is ready: the memory limit is ${limit}, and loading it early may need ${needed} (ENTRYPOINT_PRELOAD=on loads it anyway)`,
  );
  return false;
}
