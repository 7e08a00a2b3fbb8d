import type { Context } from '../../core/context.ts';
import { BootError } from '../../core/errors.ts';
import type { StepLog } from '../../core/step-log.ts';
import { formatDuration } from '../../lib/duration.ts';
import { LastLines } from '../../lib/last-lines.ts';
import { runChild } from '../../lib/run-child.ts';
import { findCommandProblem } from './find-command.ts';
import type { SeedConfig, SeedTarget } from './settings.ts';
import { showCommand } from './show-command.ts';

/** Refuses a command that is not in the image. */
export function checkCommand(command: readonly string[], target: SeedTarget): void {
  const problem = findCommandProblem(command, target);
  if (problem !== undefined) throw failed(showCommand(command, target.appDir), problem, new LastLines());
}

/**
 * Runs the seed with the server's environment, its output in our log; ends its whole group when the time is over, and
 * at once when the lock is lost: another replica may begin then.
 */
export async function runSeed(
  command: readonly string[],
  lockLost: AbortSignal,
  target: SeedTarget,
  config: SeedConfig,
  context: Context,
  log: StepLog,
): Promise<void> {
  const [program = 'node', ...args] = command;
  const shown = showCommand(command, target.appDir);
  const lines = new LastLines();
  log.info(
    'running',
    `seeding with ${shown}; should an earlier seed have been cut off, what it committed is still there`,
  );
  let result: Awaited<ReturnType<typeof runChild>>;
  try {
    const options = {
      cwd: target.appDir,
      env: target.appEnv,
      timeoutMs: config.timeoutMs,
      abort: lockLost,
      onLine: (line: string, stream: 'stdout' | 'stderr') => {
        lines.add(line);
        log.info('output', line, { stream });
      },
    };
    result = await runChild(program === 'node' ? process.execPath : program, args, options, context);
  } catch (error) {
    lockLost.throwIfAborted();
    throw failed(
      shown,
      `a command that cannot be started (${error instanceof Error && 'code' in error ? error.code : error})`,
      lines,
      error,
    );
  }
  if (result.survivors.length > 0)
    log.warn('survived', `what the seed has started lives on: ${describeSurvivors(result.survivors)}`);
  context.shutdown.signal.throwIfAborted();
  lockLost.throwIfAborted();
  if (result.timedOut) throw failed(shown, describeTimeout(config.timeoutMs, result.survivors), lines);
  if (result.status !== 0)
    throw failed(
      shown,
      result.signal === undefined ? `exit status ${result.status}` : `an end by ${result.signal}`,
      lines,
    );
}

function describeTimeout(timeoutMs: number, survivors: readonly number[]): string {
  const ended = survivors.length === 0 ? 'was ended' : `was ended, but for ${describeSurvivors(survivors)}`;
  return `one that still ran after ${formatDuration(timeoutMs)}, and ${ended}`;
}

function describeSurvivors(pids: readonly number[]): string {
  return `${pids.length === 1 ? 'process' : 'processes'} ${pids.join(', ')}`;
}

function failed(shown: string, got: string, lines: LastLines, cause?: unknown): BootError {
  const problem = {
    what: `the seed ${shown}`,
    expected: 'exit status 0',
    got,
    hint: 'Correct it; what it has committed stays. ENTRYPOINT_SEED_ON_ERROR=continue starts the server without it.',
    details: lines.all,
  };
  return new BootError('SEED_FAILED', problem, cause);
}
