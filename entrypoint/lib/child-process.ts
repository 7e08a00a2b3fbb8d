import type { ChildProcess } from 'node:child_process';
import type { Kill } from './kill.ts';
import { type ForwardedSignal, type Shutdown, signalStatus } from './shutdown.ts';

export interface ChildResult {
  /** 0 to 255, or 128 + n for a signal: never 0 for a kill. */
  readonly status: number;
  readonly signal: NodeJS.Signals | undefined;
}

/** How a child that was just started ends, kept for whoever asks later; rejected where it could not be started. */
export function endOf(child: ChildProcess): Promise<ChildResult> {
  const ended = new Promise<ChildResult>((resolve, reject) => {
    // A signal that a running child may not get is an error of its too.
    child.on('error', (error) => {
      if (child.pid === undefined) reject(error);
    });
    child.once('exit', (code, signal) =>
      resolve({ status: signal === null ? (code ?? 1) : signalStatus(signal), signal: signal ?? undefined }),
    );
  });
  ended.catch(() => undefined);
  return ended;
}

export interface RunningChild {
  readonly ended: Promise<ChildResult>;
  readonly send: (signal: ForwardedSignal) => void;
  readonly kill: Kill;
}

/**
 * Passes each signal on until the child has ended; undefined if it was killed and lives on.
 * @param shutdownTimeoutMs how long after a signal to end it is killed
 */
export async function forwardSignals(
  shutdown: Shutdown,
  { ended, send, kill }: RunningChild,
  shutdownTimeoutMs: number | undefined,
): Promise<ChildResult | undefined> {
  const stop = shutdown.forwardTo(send);
  const killLater = () => {
    if (shutdownTimeoutMs !== undefined) kill.after(shutdownTimeoutMs);
  };
  shutdown.signal.addEventListener('abort', killLater, { once: true });
  try {
    return await Promise.race([ended, kill.givenUp]);
  } finally {
    stop();
    kill.cancel();
    shutdown.signal.removeEventListener('abort', killLater);
  }
}
