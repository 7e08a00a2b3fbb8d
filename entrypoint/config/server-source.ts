import { parseArgsStringToArgv } from 'string-argv';
import type { SettingProblem } from '../core/errors.ts';
import type { ServerSource } from '../core/server-source.ts';
import { checkCommand } from './command.ts';
import type { Values } from './values.ts';

type Variables = Readonly<Record<string, string>>;

/** What runs as the server: the command, if there is one, otherwise the file of the standalone build. */
export function toServerSource(values: Values, { PATH: searchPath }: Variables): ServerSource {
  const command = parseArgsStringToArgv(values.ENTRYPOINT_SERVER_COMMAND ?? '');
  if (command.length === 0) return { file: values.ENTRYPOINT_SERVER };
  return { command, dir: values.ENTRYPOINT_SERVER_DIR ?? '.', searchPath };
}

/** Settings of the server that contradict each other. */
export function checkServerSource(values: Values, variables: Variables): SettingProblem[] {
  const source = toServerSource(values, variables);
  return [
    ...checkCommand('ENTRYPOINT_SERVER_COMMAND', values.ENTRYPOINT_SERVER_COMMAND),
    ...('file' in source ? checkFile(values) : checkBesideCommand(source.command, values, variables)),
    ...checkProbe(values),
  ];
}

function checkFile({ ENTRYPOINT_SERVER_DIR: dir }: Values): SettingProblem[] {
  if (dir === undefined) return [];
  return [
    {
      what: 'ENTRYPOINT_SERVER_DIR',
      expected: 'ENTRYPOINT_SERVER_COMMAND beside it',
      got: 'no server command',
      hint: 'Set the command, or remove the folder: ENTRYPOINT_SERVER names a file with its path.',
    },
  ];
}

function checkBesideCommand(
  [program]: readonly string[],
  { ENTRYPOINT_PRELOAD: preload }: Values,
  variables: Variables,
): SettingProblem[] {
  const both = {
    what: 'ENTRYPOINT_SERVER_COMMAND',
    expected: 'either ENTRYPOINT_SERVER or ENTRYPOINT_SERVER_COMMAND',
    got: 'both',
    hint: 'Remove one of them.',
  };
  const unheld = {
    what: 'ENTRYPOINT_PRELOAD',
    expected: 'auto or off, as ENTRYPOINT_SERVER_COMMAND does not begin with node',
    got: '`on`',
    hint: 'Only Node.js itself can be held back from listening: begin the command with node, or remove the setting.',
  };
  return [
    ...('ENTRYPOINT_SERVER' in variables ? [both] : []),
    ...(preload === 'on' && program !== 'node' ? [unheld] : []),
  ];
}

function checkProbe(values: Values): SettingProblem[] {
  if (values.ENTRYPOINT_HEALTH_PATH !== 'off' || values.ENTRYPOINT_BOOT_PROBE === 'off') return [];
  return [
    {
      what: 'ENTRYPOINT_BOOT_PROBE',
      expected: 'off, as ENTRYPOINT_HEALTH_PATH=off says that nothing listens on PORT',
      got: '`on`',
      hint: 'Remove one of them.',
    },
  ];
}
