import type { Context } from '../core/context.ts';
import { BootError } from '../core/errors.ts';
import { faultPoint } from '../core/fault-point.ts';
import type { StepLog } from '../core/step-log.ts';
import { count } from '../lib/count.ts';
import { connectionLost } from '../postgres/connection-lost.ts';
import { continueOnError } from './continue-on-error.ts';
import type { HookRun } from './hooks/hook-run.ts';
import type { Hook, HookTarget } from './hooks/settings.ts';

/** Throws one `HOOK_MISSING` with every hook that the image lacks. */
export async function checkHooks(target: HookTarget, { steps }: Context): Promise<void> {
  const hooks = Object.values(target.hooks).flat();
  if (hooks.length === 0) return;
  await steps.run('hook', async (log) => {
    const { findHookProblem, missingHook } = await import('./hooks/run-hook.ts');
    const problems = hooks.flatMap((hook) => {
      const problem = hook.optional ? undefined : findHookProblem(hook, target);
      return problem === undefined ? [] : [missingHook(hook, problem)];
    });
    if (problems.length > 0) throw new BootError('HOOK_MISSING', problems);
    log.done(`${count(hooks.length, 'hook')} to run`);
  });
}

/** Runs the hooks of a stage in their order, and looks at the database again afterwards. */
export async function runHooks(run: HookRun, context: Context): Promise<void> {
  const hooks = run.target.hooks[run.stage];
  for (const hook of hooks) await context.steps.run('hook', (log) => runOne(hook, run, context, log));
  if (hooks.length > 0) await run.exclusion?.database.refresh();
}

async function runOne(hook: Hook, run: HookRun, context: Context, log: StepLog): Promise<void> {
  const { name, onError } = hook;
  const { stage, target, facts } = run;
  if (stage === 'afterMigrate' && facts.migrated === false)
    return log.skipped(`hook ${name} skipped: a migration failed`);
  const { findHookProblem, runHook } = await import('./hooks/run-hook.ts');
  const missing = hook.optional ? findHookProblem(hook, target) : undefined;
  if (missing !== undefined) {
    log.warn('absent', `hook ${name} is optional and cannot run: ${missing}`);
    return log.skipped(`hook ${name} skipped`);
  }
  const warning = `the hook ${name} failed and its onError is continue: the boot goes on without it`;
  const succeeded = await continueOnError({ exit: 'hook', onError, warning }, log, async () => {
    const held = hook.exclusive ? run.exclusion : undefined;
    await held?.lock.acquire();
    faultPoint('hook:before');
    await runHook(hook, { ...run, exclusion: held }, context, log).catch(async (error: unknown) => {
      if (held === undefined || (await held.database.session.isAlive())) throw error;
      throw connectionLost(held.database.session.settings, held.lock.lost.reason ?? error);
    });
    faultPoint('hook:after');
  });
  if (succeeded) log.done(`hook ${name} done`);
}
