import type { Context } from '../../core/context.ts';
import { BootError } from '../../core/errors.ts';
import type { StepLog } from '../../core/step-log.ts';
import { messageOf } from '../../lib/describe-error.ts';
import { formatDuration } from '../../lib/duration.ts';
import { findCommandProblem } from '../../lib/find-command.ts';
import { LastLines } from '../../lib/last-lines.ts';
import { runChild } from '../../lib/run-child.ts';
import { showCommand } from '../../lib/show-command.ts';
import type { SeedTarget } from './settings.ts';

const WITHOUT_IT = 'ENTRYPOINT_SEED_ON_ERROR=continue starts the server without it.';

/** Refuses a command that is not in the image. */
export function checkCommand(command: readonly string[], target: SeedTarget): void {
  const place = { dir: target.appDir, searchPath: target.appEnv.PATH };
  const problem = findCommandProblem(command, place);
  if (problem === undefined) return;
  throw new BootError('SEED_FAILED', {
    message: `The seed ${showCommand(command, target.appDir)} cannot run: ${problem}`,
    hint: `Correct ENTRYPOINT_SEED_COMMAND, or copy what is missing into the image. ${WITHOUT_IT}`,
    details: [],
  });
}

interface SeedRun {
  readonly target: SeedTarget;
  readonly timeoutMs: number;
  readonly lockLost: AbortSignal;
}

/**
 * Runs the seed with the environment of the server, its output in our log. Kills its whole process group on a timeout, and
 * at once when the boot lock is lost, as another replica may seed then.
 */
export async function runSeed(
  command: readonly string[],
  { target, timeoutMs, lockLost }: SeedRun,
  context: Context,
  log: StepLog,
): Promise<void> {
  const [program = 'node', ...args] = command;
  const shown = showCommand(command, target.appDir);
  const lines = new LastLines();
  log.info(
    'running',
    `seeding with ${shown}; if an earlier seed was interrupted, what it committed is still there`,
  );
  let result: Awaited<ReturnType<typeof runChild>>;
  try {
    const options = {
      cwd: target.appDir,
      env: target.appEnv,
      timeoutMs,
      abort: lockLost,
      onLine: (line: string, stream: 'stdout' | 'stderr') => {
        lines.add(line);
        log.info('output', line, { stream });
      },
    };
    result = await runChild(program === 'node' ? process.execPath : program, args, options, context);
  } catch (error) {
    lockLost.throwIfAborted();
    throw failed(shown, `could not be started: ${messageOf(error)}`, lines, error);
  }
  if (result.survivors.length > 0)
    log.warn('survived', `could not kill what the seed has started: ${describeSurvivors(result.survivors)}`);
  context.shutdown.signal.throwIfAborted();
  lockLost.throwIfAborted();
  if (result.timedOut) throw failed(shown, describeTimeout(timeoutMs, result.survivors), lines);
  if (result.status !== 0)
    throw failed(
      shown,
      result.signal === undefined
        ? `ended with exit status ${result.status}`
        : `was killed by ${result.signal}`,
      lines,
    );
}

function describeTimeout(timeoutMs: number, survivors: readonly number[]): string {
  const except = survivors.length === 0 ? '' : `, except for ${describeSurvivors(survivors)}`;
  return `timed out after ${formatDuration(timeoutMs)} (ENTRYPOINT_SEED_TIMEOUT) and was killed${except}`;
}

function describeSurvivors(pids: readonly number[]): string {
  return `${pids.length === 1 ? 'process' : 'processes'} ${pids.join(', ')}`;
}

function failed(shown: string, what: string, lines: LastLines, cause?: unknown): BootError {
  const problem = {
    message: `The seed ${shown} ${what}`,
    hint: `Fix the seed; what it has committed stays. ${WITHOUT_IT}`,
    details: lines.all,
  };
  return new BootError('SEED_FAILED', problem, cause);
}
