import { parseArgsStringToArgv } from 'string-argv';
import type { SettingProblem } from '../core/errors.ts';
import { parseDuration } from '../lib/duration.ts';
import type { Hook, HooksConfig } from '../steps/hooks/settings.ts';
import { checkCommand } from './command.ts';
import type { HooksSection } from './config-file/hooks-section.ts';
import { inConfigFile } from './config-file/keys.ts';

type Stage = keyof HooksSection;
const STAGES = ['beforeMigrate', 'afterMigrate', 'beforeServer'] as const satisfies Stage[];
const DEFAULT_TIMEOUT_MS = 300_000;

/** Problems of commands that only a shell could run. */
export function checkHookCommands(section: HooksSection = {}): SettingProblem[] {
  return STAGES.flatMap((stage) =>
    (section[stage] ?? []).flatMap(({ command }, at) =>
      typeof command === 'string' ? checkCommand(inConfigFile(`hooks.${stage}[${at}].command`), command) : [],
    ),
  );
}

/** The hooks by when they run. Before the server, one runs in every replica at once unless it is exclusive. */
export function toHooks(section: HooksSection = {}): HooksConfig {
  const [beforeMigrate, afterMigrate, beforeServer] = STAGES.map((stage) =>
    (section[stage] ?? []).map(
      ({ command, name, exclusive, optional, timeout, onError }, at): Hook => ({
        name: name ?? `${stage}[${at}]`,
        command: typeof command === 'string' ? parseArgsStringToArgv(command) : command,
        exclusive: exclusive ?? stage !== 'beforeServer',
        optional: optional ?? false,
        timeoutMs: parseDuration(timeout ?? '') ?? DEFAULT_TIMEOUT_MS,
        onError: onError ?? 'abort',
      }),
    ),
  );
  return {
    beforeMigrate: beforeMigrate ?? [],
    afterMigrate: afterMigrate ?? [],
    beforeServerExclusive: (beforeServer ?? []).filter((hook) => hook.exclusive),
    beforeServer: (beforeServer ?? []).filter((hook) => !hook.exclusive),
  };
}
