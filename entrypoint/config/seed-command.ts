import type { SettingProblem } from '../core/errors.ts';

/** What a shell would understand, and we hand on as it stands: operators, substitutions, an assignment in front. */
const SHELL_SYNTAX = /&&|\|\||[|&;<>`]|\$[\w{(][\w}]*|^\s*\w+=\S*/;

/** What in the command of the seed only a shell could read: none runs it. */
export function checkSeedCommand(command: string | undefined): SettingProblem[] {
  const found = command === undefined ? undefined : findMistake(command);
  if (found === undefined) return [];
  const [got, hint] = found;
  const expected = 'a program and its arguments, which run without a shell';
  return [{ what: 'ENTRYPOINT_SEED_COMMAND', expected, got, hint }];
}

function findMistake(command: string): [got: string, hint: string] | undefined {
  if (command.trim() === '') return ['nothing', 'Name the program, or unset it.'];
  const unquoted = command.replace(/"[^"]*"|'[^']*'/g, ' ');
  if (/["']/.test(unquoted)) return ['a quote that is never closed', 'Close it.'];
  const [syntax] = SHELL_SYNTAX.exec(unquoted) ?? [];
  if (syntax === undefined) return undefined;
  return [
    `\`${syntax.trim()}\`, which is for a shell`,
    "Put it in quotes where it is meant as it stands. Otherwise make it a script, or, in an image with a shell, write sh -c '…'.",
  ];
}
