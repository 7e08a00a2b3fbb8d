import type { Context } from '../../core/context.ts';
import { BootError, type SettingProblem } from '../../core/errors.ts';
import type { StepLog } from '../../core/step-log.ts';
import { findCommandProblem } from '../../lib/find-command.ts';
import { showCommand } from '../../lib/show-command.ts';
import { runCommand } from '../run-command.ts';
import type { HookRun } from './hook-run.ts';
import { type BootFacts, HOOK_STAGES, type Hook, type HookTarget } from './settings.ts';

/** In bytes. */
const LONGEST_LIST = 64 * 1024;

/** Why a hook cannot run in this image; undefined if it can. */
export function findHookProblem({ command }: Hook, { appDir, appEnv }: HookTarget): string | undefined {
  return findCommandProblem(command, { dir: appDir, searchPath: appEnv.PATH });
}

/** The problem of a hook that the image lacks, as the boot and `check` report it. */
export function missingHook({ name }: Hook, problem: string): SettingProblem {
  return {
    what: `the hook ${name}`,
    expected: 'a program and a script that are in the image',
    got: problem,
    hint: 'Copy it into the image, fix the command in zarpe.config.json, or set "optional": true to go on without it.',
  };
}

/** Runs a hook with the environment of the server and what the boot knows. */
export async function runHook(
  hook: Hook,
  { stage, target, facts, exclusion }: HookRun,
  context: Context,
  log: StepLog,
): Promise<void> {
  const shown = showCommand(hook.command, target.appDir);
  log.info('running', `running hook ${hook.name}: ${shown}`);
  const run = {
    subject: `the hook ${hook.name}`,
    command: hook.command,
    appDir: target.appDir,
    env: { ...target.appEnv, ...describeFacts(facts), ZARPE_HOOK: HOOK_STAGES[stage] },
    timeoutMs: hook.timeoutMs,
    shutdownTimeoutMs: target.server.shutdownTimeoutMs,
    timeoutSetting: 'its timeout in zarpe.config.json',
    failed: (what: string, lines: readonly string[], cause?: unknown) =>
      new BootError(
        'HOOK_FAILED',
        {
          message: `The hook ${hook.name} ${shown} ${what}`,
          hint: 'Fix it; what it has done stays. "onError": "continue" in zarpe.config.json lets the boot go on without it.',
          details: lines,
        },
        cause,
      ),
  };
  await runCommand(run, exclusion?.lock.lost, context, log);
}

/** What is not known yet is unset, whatever the environment of the container says. */
function describeFacts({ applied, seeded }: BootFacts): Record<string, string | undefined> {
  return {
    ZARPE_MIGRATIONS_APPLIED: applied && listNames(applied),
    ZARPE_SEEDED: seeded?.toString(),
  };
}

/** The newest names that fit, after `...` if there are others: Linux starts no program with a variable of 128 kB. */
function listNames(names: readonly string[]): string {
  const newest: string[] = [];
  let room = LONGEST_LIST;
  for (const name of names.toReversed()) {
    room -= Buffer.byteLength(name) + 1;
    if (room < 0) return ['...', ...newest].join(',');
    newest.unshift(name);
  }
  return newest.join(',');
}
