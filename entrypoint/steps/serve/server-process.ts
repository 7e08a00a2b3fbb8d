import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import type { Context } from '../../core/context.ts';
import { unblockOutput } from '../../core/shared-output.ts';
import { type ChildResult, endOf, forwardSignals } from '../../lib/child-process.ts';
import { messageOf } from '../../lib/describe-error.ts';
import { Kill } from '../../lib/kill.ts';
import { GATE_FLAG, UNHELD } from './gate.ts';
import { commandLine, type ServerTarget } from './settings.ts';

/**
 * The server's process, with our standard streams. It has its own session, so that a signal from a terminal or a
 * supervisor to our process group reaches it only once, through us.
 */
export class ServerProcess {
  readonly startedAt = performance.now();
  readonly #child: ChildProcess;
  readonly #ended: Promise<ChildResult>;
  readonly #kill = new Kill(() => this.#child.kill('SIGKILL'));
  readonly #gate: Socket | undefined;
  readonly #appEnv: NodeJS.ProcessEnv;

  private constructor(target: ServerTarget, { children, log }: Context, flags: readonly string[]) {
    const gated = flags.length > 0;
    this.#appEnv = target.appEnv;
    this.#child = spawn(...commandLine(target, ...flags), {
      cwd: target.dir,
      env: target.appEnv,
      stdio: ['inherit', 'inherit', 'inherit', ...(gated ? (['pipe'] as const) : [])],
      detached: true,
    });
    unblockOutput();
    this.#ended = endOf(this.#child);
    children.add(Promise.race([this.#ended, this.#kill.givenUp]), (signal) => this.#child.kill(signal));
    this.#child.on('error', (error) => {
      if (this.pid !== undefined) warnOfUnsignalled(this.pid, error, log);
    });
    // A process that could not be started has no streams.
    this.#gate = gated && this.pid !== undefined ? (this.#child.stdio[3] as Socket) : undefined;
    // Writing to a process that has exited fails.
    this.#gate?.on('error', () => undefined);
    this.#gate?.on('data', (kinds) => {
      for (const kind of String(kinds)) warnOfUnheld(kind, log);
    });
  }

  /** Starts the server. */
  static start(target: ServerTarget, context: Context): ServerProcess {
    return new ServerProcess(target, context, []);
  }

  /** Starts a server that loads, and listens once `admit` is called. */
  static startGated(target: ServerTarget, context: Context): ServerProcess {
    return new ServerProcess(target, context, [GATE_FLAG]);
  }

  /** Undefined if it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Sends the variables that differ from the environment it was started with, and lets it listen. */
  admit(appEnv: NodeJS.ProcessEnv): void {
    const changed = Object.entries(appEnv).filter(([name, value]) => value !== this.#appEnv[name]);
    this.#gate?.end(`${JSON.stringify(Object.fromEntries(changed))}\n`);
  }

  /** Kills a server that was not admitted: it has done nothing yet. */
  async drop(): Promise<void> {
    this.#kill.now();
    await Promise.race([this.#ended, this.#kill.givenUp]).catch(() => undefined);
  }

  /**
   * Forwards signals and waits for the exit; kills the server if it does not exit in time after a shutdown signal.
   * Undefined if it lives on.
   */
  supervise({ shutdown }: Context, shutdownTimeoutMs: number | undefined): Promise<ChildResult | undefined> {
    const send = (signal: NodeJS.Signals) => this.#child.kill(signal);
    return forwardSignals(shutdown, { ended: this.#ended, send, kill: this.#kill }, shutdownTimeoutMs);
  }
}

function warnOfUnsignalled(pid: number, error: Error, log: Logger): void {
  log.warn(
    { step: 'server', event: 'unsignalled', pid },
    `could not signal the server (${messageOf(error)}), as its process ${pid} belongs to another user`,
  );
}

function warnOfUnheld(kind: string, log: Logger): void {
  if (kind !== 't' && kind !== 'c') return;
  log.warn(
    { step: 'server', event: 'unheld' },
    `the server started ${UNHELD[kind]} before the database was ready; it may use a database that is not migrated yet (ENTRYPOINT_PRELOAD=off starts the server afterwards)`,
  );
}
