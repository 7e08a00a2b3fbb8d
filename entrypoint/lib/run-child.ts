import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { type ChildResult, endOf, forwardSignals } from './child-process.ts';
import type { Children } from './children.ts';
import { Kill } from './kill.ts';
import { ProcessFamily } from './process-family.ts';
import { readLines } from './read-lines.ts';
import { type Shutdown, signalStatus } from './shutdown.ts';

const KILL_AFTER_MS = 5000;
const DRAIN_MS = 1000;
const KILLED: ChildResult = { status: signalStatus('SIGKILL'), signal: 'SIGKILL' };

export interface CapturedOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Each line of its standard output and error, as it comes. */
  readonly onLine: (line: string, stream: 'stdout' | 'stderr') => void;
  /** After this time the child and all its descendants get SIGTERM, and SIGKILL if they do not end. */
  readonly timeoutMs?: number;
  /** How long after a signal to end it and all it has started are killed. */
  readonly shutdownTimeoutMs?: number | undefined;
  /** Kills it and all it has started at once when aborted. */
  readonly abort?: AbortSignal;
}

export interface CapturedResult extends ChildResult {
  readonly timedOut: boolean;
  /** Whether all that it had started was killed with it: it failed, or was to end early. */
  readonly wasKilled: boolean;
  /** What lives on: what it had started, and itself where it could not be killed. */
  readonly survivors: readonly number[];
}

/** Runs a program in a process group of its own, its output line by line, and waits for its end. */
export async function runChild(
  file: string,
  args: readonly string[],
  options: CapturedOptions,
  { shutdown, children }: { readonly shutdown: Shutdown; readonly children: Children },
): Promise<CapturedResult> {
  shutdown.signal.throwIfAborted();
  options.abort?.throwIfAborted();
  const mark = randomUUID();
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: { ...options.env, ZARPE_RUN: mark },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const ended = endOf(child);
  if (child.pid === undefined) return { ...(await ended), timedOut: false, wasKilled: false, survivors: [] };
  const family = new ProcessFamily(child.pid, mark);
  const kill = new Kill(() => family.signalAll('SIGKILL'));
  const send = (signal: NodeJS.Signals) => family.signalAll(signal);
  children.add(Promise.race([ended, kill.givenUp]), send);
  const endOutput = readLines(child.stdout, (line) => options.onLine(line, 'stdout'));
  const endErrors = readLines(child.stderr, (line) => options.onLine(line, 'stderr'));
  const closed = once(child, 'close').catch(() => undefined);
  let timedOut = false;
  const timer = setTimerIf(options.timeoutMs, () => {
    timedOut = true;
    send('SIGTERM');
    kill.after(KILL_AFTER_MS);
  });
  options.abort?.addEventListener('abort', kill.now, { once: true });
  const running = { ended, kill, send: (signal: NodeJS.Signals) => family.signalGroup(signal) };
  const result = await forwardSignals(shutdown, running, options.shutdownTimeoutMs);
  clearTimeout(timer);
  await Promise.race([closed, delay(DRAIN_MS, undefined, { ref: false })]);
  const isEarly = timedOut || shutdown.signal.aborted || options.abort?.aborted === true;
  const wasKilled = isEarly || result?.status !== 0;
  const left = await (wasKilled ? family.kill() : family.living());
  options.abort?.removeEventListener('abort', kill.now);
  child.stdout.destroy();
  child.stderr.destroy();
  endOutput();
  endErrors();
  const survivors = result === undefined ? [...new Set([child.pid, ...left])] : left;
  return { ...(result ?? KILLED), timedOut, wasKilled, survivors };
}

function setTimerIf(ms: number | undefined, action: () => void): NodeJS.Timeout | undefined {
  return ms === undefined ? undefined : setTimeout(action, ms);
}
