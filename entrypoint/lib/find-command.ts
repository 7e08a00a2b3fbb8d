import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { type CommandPlace, findProgram, isProgram } from './find-program.ts';
import { findInterpreterProblem } from './interpreter.ts';
import { SOURCE_FILE } from './show-command.ts';

/** Flags after which Node.js runs no file. */
const NO_FILE = /^(?:-e|--eval|-p|--print|-pe|--run|--test)(?:=|$)/;

/** Why a command cannot run in this image; undefined if nothing speaks against it. The program `node` is this Node.js. */
export function findCommandProblem(command: readonly string[], place: CommandPlace): string | undefined {
  const [program = 'node', ...args] = command;
  if (program === 'node') return findScriptProblem(args, place.dir);
  const file = findProgram(program, place);
  if (file !== undefined) return findInterpreterProblem(program, file, place);
  if (program.includes('/')) return `there is no program ${program} in ${place.dir}`;
  const local = join('node_modules', '.bin', program);
  const hint = isProgram(join(place.dir, local)) ? `, though there is ${local}` : '';
  return `there is no program ${program} in PATH${hint}`;
}

/** A flag may take the next word as its value: the script is missing only where no word is one. */
function findScriptProblem(args: readonly string[], dir: string): string | undefined {
  if (args.some((arg) => NO_FILE.test(arg))) return undefined;
  const first = args.findIndex((arg) => !arg.startsWith('-'));
  if (first === -1) return 'it names no script for node';
  const candidates = first === 0 ? args.slice(0, 1) : args.filter((arg) => !arg.startsWith('-'));
  if (candidates.some((candidate) => isScript(candidate, dir))) return undefined;
  // What looks like no script may be a password.
  const scripts = candidates.filter((candidate, at) => at === 0 || SOURCE_FILE.test(candidate));
  return `there is no file ${scripts.join(' or ')} in ${dir}`;
}

/** As Node.js resolves the script of its command line: a file, with or without its extension, or a folder with an index. */
function isScript(path: string, dir: string): boolean {
  try {
    accessSync(createRequire(join(dir, 'command')).resolve(resolve(dir, path)), constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
