import { BootError } from '../../core/errors.ts';
import { showCommand } from '../../lib/show-command.ts';
import { findHookProblem, missingHook } from '../../steps/hooks/run-hook.ts';
import { HOOK_STAGES, type HookStage, type HookTarget } from '../../steps/hooks/settings.ts';
import { type Finding, failures, ok, warning } from './finding.ts';

/** What each hook would run, and which of them the image lacks. */
export function checkHooks(target: HookTarget): Finding[] {
  const stages = Object.keys(HOOK_STAGES) as HookStage[];
  return stages.flatMap((stage) =>
    target.hooks[stage].flatMap((hook) => {
      const problem = findHookProblem(hook, target);
      if (problem === undefined) {
        const where = hook.exclusive ? 'in one replica at a time' : 'in every replica';
        const shown = showCommand(hook.command, target.appDir);
        return ok('hook', `${HOOK_STAGES[stage]}: the boot would run ${shown} ${where} (${hook.name})`);
      }
      if (hook.optional) return warning('hook', `hook ${hook.name} is optional and cannot run: ${problem}`);
      return failures('hook', new BootError('HOOK_MISSING', missingHook(hook, problem)));
    }),
  );
}
