import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import type { Context } from '../../core/context.ts';
import { type ChildResult, endOf, forwardSignals } from '../../lib/child-process.ts';
import { GATE_FLAG, UNHELD } from './gate.ts';
import { nodeArguments, type ServerTarget } from './settings.ts';

/**
 * The server's process, with our own standard streams. Its session is its own: what a terminal or a supervisor sends
 * to our process group reaches it once, through us.
 */
export class ServerProcess {
  readonly startedAt = performance.now();
  readonly #child: ChildProcess;
  readonly #ended: Promise<ChildResult>;
  readonly #gate: Socket | undefined;
  readonly #appEnv: NodeJS.ProcessEnv;

  private constructor(target: ServerTarget, { children, log }: Context, flags: readonly string[]) {
    const gated = flags.length > 0;
    this.#appEnv = target.appEnv;
    this.#child = spawn(process.execPath, nodeArguments(target, ...flags), {
      cwd: target.appDir,
      env: target.appEnv,
      stdio: ['inherit', 'inherit', 'inherit', ...(gated ? (['pipe'] as const) : [])],
      detached: true,
    });
    this.#ended = endOf(this.#child);
    children.add(this.#ended, (signal) => this.#child.kill(signal));
    // One that could not be started has no streams at all.
    this.#gate = gated && this.pid !== undefined ? (this.#child.stdio[3] as Socket) : undefined;
    // One that has ended by itself takes no word.
    this.#gate?.on('error', () => undefined);
    this.#gate?.on('data', (kinds) => {
      for (const kind of String(kinds)) warnOfUnheld(kind, log);
    });
  }

  /** A server that runs. */
  static start(target: ServerTarget, context: Context): ServerProcess {
    return new ServerProcess(target, context, []);
  }

  /** A server that loads, and listens once it is admitted. */
  static startGated(target: ServerTarget, context: Context): ServerProcess {
    return new ServerProcess(target, context, [GATE_FLAG]);
  }

  /** Undefined where it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Lets it listen, once it has what differs from the environment that it was started with. */
  admit(appEnv: NodeJS.ProcessEnv): void {
    const changed = Object.entries(appEnv).filter(([name, value]) => value !== this.#appEnv[name]);
    this.#gate?.end(`${JSON.stringify(Object.fromEntries(changed))}\n`);
  }

  /** Ends one that was not admitted: it has done nothing yet. */
  async drop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended.catch(() => undefined);
  }

  /** Passes signals on and waits for its end; one that does not end in time after we were told to is killed. */
  async supervise({ shutdown }: Context, shutdownTimeoutMs: number | undefined): Promise<ChildResult> {
    const killLater = () => {
      if (shutdownTimeoutMs === undefined) return;
      setTimeout(() => this.#child.kill('SIGKILL'), shutdownTimeoutMs).unref();
    };
    shutdown.signal.addEventListener('abort', killLater, { once: true });
    const result = await forwardSignals(shutdown, (signal) => this.#child.kill(signal), this.#ended);
    shutdown.signal.removeEventListener('abort', killLater);
    return result;
  }
}

function warnOfUnheld(kind: string, log: Logger): void {
  if (kind !== 't' && kind !== 'c') return;
  log.warn(
    { step: 'server', event: 'unheld' },
    `the server has started ${UNHELD[kind]} while the database is prepared: that is not held, and may see a database that is not ready (ENTRYPOINT_PRELOAD=off starts the server afterwards)`,
  );
}
