import { accessSync, constants, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join, resolve } from 'node:path';
import type { SeedTarget } from './settings.ts';

/** Flags after which Node.js runs no file. */
const NO_FILE = /^(?:-e|--eval|-p|--print|-pe|--run|--test)(?:=|$)/;

/** Why the command of a seed cannot run in this image, as what it does; undefined if it can. */
export function findCommandProblem(command: readonly string[], target: SeedTarget): string | undefined {
  const [program = 'node', ...args] = command;
  if (program === 'node') return findScriptProblem(args, target.appDir);
  if (program.includes('/')) {
    return isProgram(resolve(target.appDir, program))
      ? undefined
      : `cannot run: there is no program ${program} in ${target.appDir}`;
  }
  const folders = (target.appEnv.PATH ?? '').split(delimiter);
  if (folders.some((folder) => isProgram(resolve(target.appDir, folder, program)))) return undefined;
  const local = join('node_modules', '.bin', program);
  const hint = isProgram(join(target.appDir, local)) ? `, though there is ${local}` : '';
  return `cannot run: there is no program ${program} in PATH${hint}`;
}

/** A flag may take the next word as its value: the script is missing only where no word is one. */
function findScriptProblem(args: readonly string[], appDir: string): string | undefined {
  if (args.some((arg) => NO_FILE.test(arg))) return undefined;
  const first = args.findIndex((arg) => !arg.startsWith('-'));
  if (first === -1) return 'cannot run: it names no script for node';
  const candidates = first === 0 ? args.slice(0, 1) : args.filter((arg) => !arg.startsWith('-'));
  if (candidates.some((candidate) => isScript(candidate, appDir))) return undefined;
  // What looks like no script may be a password.
  const scripts = candidates.filter((candidate, at) => at === 0 || /\.[cm]?[jt]s$/.test(candidate));
  return `cannot run: there is no file ${scripts.join(' or ')} in ${appDir}`;
}

/** As Node.js finds what it is told to run: a file, with or without its extension, or a folder with an index. */
function isScript(path: string, appDir: string): boolean {
  try {
    createRequire(join(appDir, 'seed')).resolve(resolve(appDir, path));
    return true;
  } catch {
    return false;
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
