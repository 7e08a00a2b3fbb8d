import { closeSync, openSync, readSync } from 'node:fs';
import { type CommandPlace, findProgram, isProgram } from './find-program.ts';

/** Linux reads no more of the first line. */
const LONGEST_LINE = 256;

/** Why the interpreter that the first line of a script names (`#!`) cannot run it: the system reports only ENOENT. */
export function findInterpreterProblem(
  program: string,
  file: string,
  place: CommandPlace,
): string | undefined {
  const line = readFirstLine(file);
  if (process.platform === 'linux' && line !== '' && !/^(?:#!|\x7fELF)/.test(line))
    return `${program} is neither a program of this system nor a script with a first line such as #!/bin/sh`;
  const [, interpreter, words = ''] = /^#![ \t]*(\S+)(.*)$/.exec(line.trimEnd()) ?? [];
  if (interpreter === undefined) return undefined;
  if (line.endsWith('\r')) return `the first line of ${program} ends with a Windows line break (CRLF)`;
  if (!isProgram(interpreter)) return `${program} needs ${interpreter}, which is not in the image`;
  if (!/\/env$/.test(interpreter)) return undefined;
  const name = words.split(/\s+/).find((word) => word !== '' && !word.startsWith('-') && !word.includes('='));
  if (name === undefined || findProgram(name, place) !== undefined) return undefined;
  return `${program} needs ${name}, which is not in PATH`;
}

function readFirstLine(file: string): string {
  const buffer = Buffer.alloc(LONGEST_LINE);
  try {
    const descriptor = openSync(file, 'r');
    try {
      const [line = ''] = buffer.toString('latin1', 0, readSync(descriptor, buffer)).split('\n', 1);
      return line;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // A program may be executable and not readable.
    return '';
  }
}
