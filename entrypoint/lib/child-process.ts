import { type ChildProcess, spawn } from 'node:child_process';
import { type ForwardedSignal, type Shutdown, signalStatus } from './shutdown.ts';

export interface ChildOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly shutdown: Shutdown;
}

export interface ChildResult {
  /** 0 to 255, or 128 + n for a signal: never 0 for a kill. */
  readonly status: number;
  readonly signal: NodeJS.Signals | undefined;
}

/** Runs a program with our own standard streams, passes every signal on, and waits for its end. */
export async function superviseChild(
  file: string,
  args: readonly string[],
  options: ChildOptions & {
    readonly shutdownTimeoutMs: number | undefined;
    readonly onSpawn: (child: ChildProcess) => void;
  },
): Promise<ChildResult> {
  options.shutdown.signal.throwIfAborted();
  const child = spawn(file, args, { cwd: options.cwd, env: options.env, stdio: 'inherit' });
  child.once('spawn', () => options.onSpawn(child));
  const killLater = () => {
    if (options.shutdownTimeoutMs === undefined) return;
    setTimeout(() => child.kill('SIGKILL'), options.shutdownTimeoutMs).unref();
  };
  options.shutdown.signal.addEventListener('abort', killLater, { once: true });
  const result = await waitForExit(child, options.shutdown, (signal) => child.kill(signal));
  options.shutdown.signal.removeEventListener('abort', killLater);
  return result;
}

/** Forwards signals until the child has ended; rejects when it could not be started. */
export async function waitForExit(
  child: ChildProcess,
  shutdown: Shutdown,
  send: (signal: ForwardedSignal) => void,
): Promise<ChildResult> {
  const stop = shutdown.forwardTo(send);
  try {
    const [code, signal]: [number | null, NodeJS.Signals | null] = await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (...ended) => resolve(ended));
    });
    return { status: signal === null ? (code ?? 1) : signalStatus(signal), signal: signal ?? undefined };
  } finally {
    stop();
  }
}
