import type { SettingProblem } from '../core/errors.ts';

/** What a shell interprets and we would pass on literally: operators, substitutions, leading assignments. */
const SHELL_SYNTAX = /&&|\|\||[|&;<>`]|\$[\w{(][\w}]*|^\s*\w+=\S*/;

/** Problems of a command, the value of a variable, that only a shell could run. */
export function checkCommand(variable: string, command: string | undefined): SettingProblem[] {
  const found = command === undefined ? undefined : findMistake(command);
  if (found === undefined) return [];
  const [got, hint] = found;
  const expected = 'a program and its arguments, which run without a shell';
  return [{ what: variable, expected, got, hint }];
}

function findMistake(command: string): [got: string, hint: string] | undefined {
  if (command.trim() === '') return ['nothing', 'Name the program, or remove the variable.'];
  const unquoted = command.replace(/"[^"]*"|'[^']*'/g, ' ');
  if (/["']/.test(unquoted)) return ['an unclosed quote', 'Close it.'];
  const [syntax] = SHELL_SYNTAX.exec(unquoted) ?? [];
  if (syntax === undefined) return undefined;
  return [
    `\`${syntax.trim().replace(/=.*/s, '=…')}\`, which only a shell interprets`,
    "If it is meant literally, quote it. Otherwise use a script or, in an image with a shell, sh -c '…'.",
  ];
}
