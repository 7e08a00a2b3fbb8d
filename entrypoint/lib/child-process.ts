import type { ChildProcess } from 'node:child_process';
import { type ForwardedSignal, type Shutdown, signalStatus } from './shutdown.ts';

export interface ChildResult {
  /** 0 to 255, or 128 + n for a signal: never 0 for a kill. */
  readonly status: number;
  readonly signal: NodeJS.Signals | undefined;
}

/** How a child that was just started ends, kept for whoever asks later; rejected where it could not be started. */
export function endOf(child: ChildProcess): Promise<ChildResult> {
  const ended = new Promise<ChildResult>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      resolve({ status: signal === null ? (code ?? 1) : signalStatus(signal), signal: signal ?? undefined }),
    );
  });
  ended.catch(() => undefined);
  return ended;
}

/** Passes each signal on until the child has ended. */
export async function forwardSignals(
  shutdown: Shutdown,
  send: (signal: ForwardedSignal) => void,
  ended: Promise<ChildResult>,
): Promise<ChildResult> {
  const stop = shutdown.forwardTo(send);
  try {
    return await ended;
  } finally {
    stop();
  }
}
