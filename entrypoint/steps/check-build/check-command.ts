import { resolve } from 'node:path';
import type { SettingProblem } from '../../core/errors.ts';
import type { ServerCommand } from '../../core/server-source.ts';
import { findCommandProblem } from '../../lib/find-command.ts';
import { findProgram, isFolder } from '../../lib/find-program.ts';
import { showCommand } from '../../lib/show-command.ts';
import type { ServerProgram } from '../serve/settings.ts';
import { findParentWarning } from './find-parent.ts';
import { nameOf } from './listing.ts';

/** The program that runs as the server; what it lacks in the image becomes a problem. */
export function checkServerCommand(
  appDir: string,
  source: ServerCommand,
  problems: SettingProblem[],
): { readonly program: ServerProgram; readonly warnings: readonly string[] } {
  const dir = resolve(appDir, source.dir);
  const place = { dir, searchPath: source.searchPath };
  const [program = 'node', ...args] = source.command;
  const name = showCommand(source.command, dir);
  const missing = isFolder(dir) ? findCommandProblem(source.command, place) : undefined;
  if (!isFolder(dir)) {
    problems.push({
      what: `${nameOf(dir, appDir)} (ENTRYPOINT_SERVER_DIR)`,
      expected: 'the folder that the server runs in',
      got: 'no such folder',
      hint: 'Copy it to the image, or fix ENTRYPOINT_SERVER_DIR.',
    });
  } else if (missing !== undefined) {
    problems.push({
      what: 'ENTRYPOINT_SERVER_COMMAND',
      expected: `a command that can run in ${dir}`,
      got: `${name}: ${missing}`,
      hint: 'Copy what it lacks to the image, or fix the command.',
    });
  }
  const file = program === 'node' ? program : (findProgram(program, place) ?? program);
  const warning = findParentWarning(source.command, dir);
  return {
    program: { command: [file, ...args], dir, name },
    warnings: warning === undefined ? [] : [warning],
  };
}
