import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { type ChildResult, endOf, forwardSignals } from './child-process.ts';
import type { Context } from './context.ts';

const KILL_AFTER_MS = 5000;
const DRAIN_MS = 1000;

export interface CapturedOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Each line of its standard output and error, as it comes. */
  readonly onLine: (line: string, stream: 'stdout' | 'stderr') => void;
  /** When its whole process group is told to end, and killed if it does not. */
  readonly timeoutMs?: number;
  /** Kills its whole process group at once when aborted. */
  readonly abort?: AbortSignal;
}

/** Runs a program in a process group of its own, its output line by line, and waits for its end. */
export async function runChild(
  file: string,
  args: readonly string[],
  options: CapturedOptions,
  { shutdown, children }: Context,
): Promise<ChildResult & { readonly timedOut: boolean }> {
  shutdown.signal.throwIfAborted();
  options.abort?.throwIfAborted();
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: options.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const ended = endOf(child);
  children.add(ended, (signal) => killGroup(child, signal));
  createInterface({ input: child.stdout }).on('line', (line) => options.onLine(line, 'stdout'));
  createInterface({ input: child.stderr }).on('line', (line) => options.onLine(line, 'stderr'));
  const closed = once(child, 'close').catch(() => undefined);
  const timer = new GroupTimer(child, options.timeoutMs);
  const kill = () => killGroup(child, 'SIGKILL');
  options.abort?.addEventListener('abort', kill, { once: true });
  const result = await forwardSignals(shutdown, (signal) => killGroup(child, signal), ended);
  await Promise.race([closed, delay(DRAIN_MS, undefined, { ref: false })]);
  if (timer.expired || shutdown.signal.aborted) killGroup(child, 'SIGKILL');
  timer.stop();
  options.abort?.removeEventListener('abort', kill);
  child.stdout.destroy();
  child.stderr.destroy();
  return { ...result, timedOut: timer.expired };
}

/** Ends the whole group when the time is over: TERM first, KILL for what is left. */
class GroupTimer {
  expired = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(child: ChildProcess, timeoutMs: number | undefined) {
    if (timeoutMs === undefined) return;
    this.#timer = setTimeout(() => {
      this.expired = true;
      killGroup(child, 'SIGTERM');
      this.#timer = setTimeout(() => killGroup(child, 'SIGKILL'), KILL_AFTER_MS);
    }, timeoutMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // ESRCH: the whole group has ended.
  }
}
