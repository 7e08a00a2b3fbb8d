/**
 * Ends a process, its session or the whole server, and starts again until the work is done.
 *
 *     const victim = new Victim(app, 'migrate', { server, database, tap });
 *     await victim.run({ target: 'backend', instant: { packet: 40, share: 0.5 } });   // one disturbed start
 *     await victim.runUndisturbed()
 */

import { setTimeout as pause } from 'node:timers/promises';
import { type BundleExit, type BundleProcess, startBundle } from '../../helpers/bundle.ts';
import type { Database } from '../../helpers/database.ts';
import type { PostgresServer } from '../../helpers/postgres.ts';
import type { Standalone } from '../../helpers/standalone.ts';
import type { WireTap } from './wire-tap.ts';

/**
 * What is ended: our process (SIGKILL), its session (pg_terminate_backend), the process that serves its session
 * (SIGKILL, upon which PostgreSQL ends all others and recovers), or the server with all its processes (SIGKILL).
 */
export type Target = 'process' | 'session' | 'backend' | 'server';

/**
 * When: in the middle of a conversation, some time after the start or after a packet, where the code says so, or while its
 * session waits for something in the server (`pg_stat_activity.wait_event`).
 */
export type Instant =
  | { packet: number; share: number; afterMs?: number }
  | { afterMs: number }
  | { point: string; hit: number }
  | { waitEvent: string };

export interface Fault {
  target: Target;
  instant: Instant;
}

export interface Outcome {
  /** Whether the instant came at all. */
  struck: boolean;
  exit: BundleExit;
  boot: BundleProcess;
}

export interface Surroundings {
  server: PostgresServer;
  database: Database;
  /** For instants in the middle of a conversation. */
  tap?: WireTap;
  env?: Record<string, string>;
}

export class Victim {
  readonly #in: Surroundings;
  readonly #app: Standalone;
  readonly #command: string;
  /** Settles when the server takes connections again. */
  #restarted: Promise<void> = Promise.resolve();

  constructor(app: Standalone, command: string, surroundings: Surroundings) {
    this.#app = app;
    this.#command = command;
    this.#in = surroundings;
  }

  /** One start, struck at the instant, if that comes. `end` waits for it where that takes more than to wait. */
  async run({ target, instant }: Fault, end?: (boot: BundleProcess) => Promise<unknown>): Promise<Outcome> {
    let striking: Promise<boolean> | undefined;
    const strike = async () => {
      striking = this.#strike(target, boot);
      await striking;
    };
    let timer: NodeJS.Timeout | undefined;
    const strikeAfter = async (ms: number) => {
      timer = setTimeout(() => void strike(), ms);
    };
    if ('packet' in instant) {
      const { afterMs } = instant;
      this.#in.tap?.arm({ ...instant, strike: afterMs === undefined ? strike : () => strikeAfter(afterMs) });
    }
    const boot = await this.start({ ZARPE_FAULT: describePoint(target, instant) });
    if ('afterMs' in instant && !('packet' in instant)) await strikeAfter(instant.afterMs);
    if ('point' in instant && target !== 'process') await strikeWhereHeld(boot, strike);
    if ('waitEvent' in instant && (await this.#isWaiting(boot, instant.waitEvent))) await strike();
    await end?.(boot);
    const exit = await boot.exit;
    clearTimeout(timer);
    this.#in.tap?.arm(undefined);
    const struck = (await striking) ?? exit.signal === 'SIGKILL';
    await this.#restarted;
    return { struck, exit, boot };
  }

  /** One start that nothing disturbs. */
  async runUndisturbed(): Promise<Outcome> {
    this.#in.tap?.arm(undefined);
    const boot = await this.start({});
    return { struck: false, exit: await boot.exit, boot };
  }

  start(env: Record<string, string | undefined>, args = [this.#command]): Promise<BundleProcess> {
    const { tap, database } = this.#in;
    return startBundle({
      dir: this.#app.dir,
      args,
      stdin: 'pipe',
      env: {
        DATABASE_URL: tap?.through(database.url) ?? database.url,
        LOG_LEVEL: 'debug',
        ...this.#in.env,
        ...env,
      },
    });
  }

  /** Answers whether its session came to wait for that before it ended. */
  async #isWaiting(boot: BundleProcess, waitEvent: string): Promise<boolean> {
    const { database } = this.#in;
    let hasEnded = false;
    void boot.exit.then(() => {
      hasEnded = true;
    });
    while (!hasEnded) {
      const waiting = await database.admin(
        `SELECT FROM pg_stat_activity
         WHERE datname = $1 AND application_name = 'zarpe' AND state = 'active' AND wait_event = $2`,
        [database.name, waitEvent],
      );
      if (waiting.length > 0) return true;
      await pause(10);
    }
    return false;
  }

  /** Answers whether there was something to strike. */
  async #strike(target: Target, boot: BundleProcess): Promise<boolean> {
    const { server, database } = this.#in;
    if (target === 'process') {
      boot.kill('SIGKILL');
      return (await boot.exit).signal === 'SIGKILL';
    }
    if (target === 'server') {
      await server.kill();
      this.#restarted = server.start();
      return true;
    }
    const sessions = `FROM pg_stat_activity WHERE datname = '${database.name}' AND application_name = 'zarpe'`;
    if (target === 'session') {
      const ended = await database.admin(`SELECT pg_terminate_backend(pid) ${sessions}`);
      while ((await database.admin(`SELECT ${sessions}`)).length > 0) await pause(10);
      return ended.length > 0;
    }
    const backends = await database.admin<{ pid: number }>(`SELECT pid ${sessions}`);
    const recoveries = countRecoveries(server);
    const killed = backends.filter(({ pid }) => killQuietly(pid));
    // One that was about to end by itself leaves nothing to recover from.
    for (let left = 200; killed.length > 0 && countRecoveries(server) === recoveries && left > 0; left -= 1) {
      await pause(10);
    }
    return backends.length > 0;
  }
}

function describePoint(target: Target, instant: Instant): string | undefined {
  if (!('point' in instant)) return undefined;
  return `${target === 'process' ? 'kill' : 'hold'}:${instant.point}:${instant.hit}`;
}

async function strikeWhereHeld(boot: BundleProcess, strike: () => Promise<void>): Promise<void> {
  const held = await boot.waitForLine(/^\{"fault"/).catch(() => undefined);
  if (held === undefined) return;
  await strike();
  boot.stdin?.write('.');
}

/** Answers whether there was such a process. */
function killQuietly(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

/** The server ends all its sessions when one of its processes is killed, and recovers. */
function countRecoveries({ log }: PostgresServer): number {
  return log.filter((line) => line.includes('ready to accept connections')).length;
}
