import type { Context } from '../../lib/context.ts';
import { formatDuration } from '../../lib/duration.ts';
import { BootError } from '../../lib/errors.ts';
import { runChild } from '../../lib/run-child.ts';
import type { StepLog } from '../../lib/step-log.ts';
import { findCommandProblem } from './find-command.ts';
import type { SeedConfig, SeedTarget } from './settings.ts';

const LAST_LINES = 20;

/** Refuses a command that is not in the image. */
export function checkCommand(command: readonly string[], target: SeedTarget): void {
  const problem = findCommandProblem(command, target);
  if (problem !== undefined) throw failed(command, problem, []);
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
  const lines: string[] = [];
  log.info(
    'running',
    `seeding with \`${command.join(' ')}\`; should an earlier seed have been cut off, what it committed is still there`,
  );
  let result: Awaited<ReturnType<typeof runChild>>;
  try {
    const options = {
      cwd: target.appDir,
      env: target.appEnv,
      timeoutMs: config.timeoutMs,
      abort: lockLost,
      onLine: (line: string, stream: 'stdout' | 'stderr') => {
        lines.push(line);
        log.info('output', line, { stream });
      },
    };
    result = await runChild(program === 'node' ? process.execPath : program, args, options, context);
  } catch (error) {
    lockLost.throwIfAborted();
    throw failed(
      command,
      `a command that cannot be started (${error instanceof Error && 'code' in error ? error.code : error})`,
      lines,
      error,
    );
  }
  context.shutdown.signal.throwIfAborted();
  lockLost.throwIfAborted();
  if (result.timedOut)
    throw failed(
      command,
      `one that still ran after ${formatDuration(config.timeoutMs)}, and was ended`,
      lines,
    );
  if (result.status !== 0)
    throw failed(
      command,
      result.signal === undefined ? `exit status ${result.status}` : `an end by ${result.signal}`,
      lines,
    );
}

function failed(
  command: readonly string[],
  got: string,
  lines: readonly string[],
  cause?: unknown,
): BootError {
  const problem = {
    what: `the seed \`${command.join(' ')}\``,
    expected: 'exit status 0',
    got,
    action:
      'Correct it; what it has committed stays. ENTRYPOINT_SEED_ON_ERROR=continue starts the server without it.',
    details: lines.slice(-LAST_LINES),
  };
  return new BootError('SEED_FAILED', problem, cause);
}
