import type { Context } from '../../core/context.ts';
import { BootError } from '../../core/errors.ts';
import type { StepLog } from '../../core/step-log.ts';
import { findCommandProblem } from '../../lib/find-command.ts';
import { showCommand } from '../../lib/show-command.ts';
import { runCommand } from '../run-command.ts';
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

/** Runs the seed with the environment of the server. */
export async function runSeed(
  command: readonly string[],
  { target, timeoutMs, lockLost }: SeedRun,
  context: Context,
  log: StepLog,
): Promise<void> {
  const shown = showCommand(command, target.appDir);
  log.info(
    'running',
    `seeding with ${shown}; if an earlier seed was interrupted, what it committed is still there`,
  );
  const run = {
    subject: 'the seed',
    command,
    appDir: target.appDir,
    env: target.appEnv,
    timeoutMs,
    shutdownTimeoutMs: target.server.shutdownTimeoutMs,
    timeoutSetting: 'ENTRYPOINT_SEED_TIMEOUT',
    failed: (what: string, lines: readonly string[], cause?: unknown) => failed(shown, what, lines, cause),
  };
  await runCommand(run, lockLost, context, log);
}

function failed(shown: string, what: string, lines: readonly string[], cause?: unknown): BootError {
  const problem = {
    message: `The seed ${shown} ${what}`,
    hint: `Fix the seed; what it has committed stays. ${WITHOUT_IT}`,
    details: lines,
  };
  return new BootError('SEED_FAILED', problem, cause);
}
