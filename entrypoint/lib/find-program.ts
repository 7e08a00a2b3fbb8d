import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';

/** Where a command runs. */
export interface CommandPlace {
  readonly dir: string;
  /** The `PATH` of its environment. */
  readonly searchPath: string | undefined;
}

/** The file of a program, as the system finds it: a path, or a name in `PATH`. */
export function findProgram(program: string, { dir, searchPath = '' }: CommandPlace): string | undefined {
  const candidates = program.includes('/')
    ? [resolve(dir, program)]
    : searchPath.split(delimiter).map((folder) => resolve(dir, folder, program));
  return candidates.find(isProgram);
}

export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
