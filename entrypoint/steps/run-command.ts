import type { Context } from '../core/context.ts';
import type { BootError } from '../core/errors.ts';
import type { StepLog } from '../core/step-log.ts';
import { explainLimit } from '../core/to-boot-error.ts';
import { messageOf } from '../lib/describe-error.ts';
import { formatDuration } from '../lib/duration.ts';
import { LastLines } from '../lib/last-lines.ts';
import { runChild } from '../lib/run-child.ts';

/** A command of the app's own, such as the seed. */
export interface AppCommand {
  /** As messages name it, such as `the seed`. */
  readonly subject: string;
  readonly command: readonly string[];
  readonly appDir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
  readonly shutdownTimeoutMs: number | undefined;
  /** The setting of the timeout, as messages name it. */
  readonly timeoutSetting: string;
  /** The error of a command that `what`, such as "ended with exit status 1". */
  failed(what: string, lines: readonly string[], cause?: unknown): BootError;
}

/**
 * Runs a command, its output in our log. What it has started is killed with it if it fails or times out, and at
 * once when the boot lock is lost, as another replica may run it then.
 */
export async function runCommand(
  run: AppCommand,
  lockLost: AbortSignal | undefined,
  context: Context,
  log: StepLog,
): Promise<void> {
  const [program = 'node', ...args] = run.command;
  const lines = new LastLines();
  let result: Awaited<ReturnType<typeof runChild>>;
  try {
    const options = {
      cwd: run.appDir,
      env: run.env,
      timeoutMs: run.timeoutMs,
      shutdownTimeoutMs: run.shutdownTimeoutMs,
      ...(lockLost !== undefined && { abort: lockLost }),
      onLine: (line: string, stream: 'stdout' | 'stderr') => {
        lines.add(line);
        log.info('output', line, { stream });
      },
    };
    result = await runChild(program === 'node' ? process.execPath : program, args, options, context);
  } catch (error) {
    context.shutdown.signal.throwIfAborted();
    lockLost?.throwIfAborted();
    throw explainLimit(error) ?? run.failed(`could not be started: ${messageOf(error)}`, lines.all, error);
  }
  const { status, signal, survivors } = result;
  if (survivors.length > 0) log.warn('survived', describeSurvival(run, result));
  context.shutdown.signal.throwIfAborted();
  lockLost?.throwIfAborted();
  if (result.timedOut) throw run.failed(describeTimeout(run, survivors), lines.all);
  if (status !== 0) {
    const what = signal === undefined ? `ended with exit status ${status}` : `was killed by ${signal}`;
    throw run.failed(what, lines.all);
  }
}

function describeSurvival(
  { subject }: AppCommand,
  { wasKilled, survivors }: Awaited<ReturnType<typeof runChild>>,
): string {
  const pids = describeSurvivors(survivors);
  return wasKilled
    ? `could not kill what ${subject} has started: ${pids}`
    : `${subject} has ended and left running: ${pids}. What they print is not logged`;
}

function describeTimeout({ timeoutMs, timeoutSetting }: AppCommand, survivors: readonly number[]): string {
  const except = survivors.length === 0 ? '' : `, except for ${describeSurvivors(survivors)}`;
  return `timed out after ${formatDuration(timeoutMs)} (${timeoutSetting}) and was killed${except}`;
}

function describeSurvivors(pids: readonly number[]): string {
  return `${pids.length === 1 ? 'process' : 'processes'} ${pids.join(', ')}`;
}
