import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { findDynamicLinker } from './dynamic-linker.ts';
import { type CommandPlace, findProgram, isProgram } from './find-program.ts';

/** Of a script Linux reads 256 bytes; the header of a program is longer. */
const LONGEST_HEAD = 4096;

/**
 * Why what a file needs to run is not there: the interpreter in the first line of a script (`#!`), the dynamic linker of a
 * program. The system reports only ENOENT.
 */
export function findInterpreterProblem(
  program: string,
  file: string,
  place: CommandPlace,
): string | undefined {
  const head = readHead(file);
  const linker = findDynamicLinker(head);
  if (linker !== undefined && !existsSync(linker))
    return `${program} needs ${linker}, which is not in the image: it was built for another Linux, such as Alpine instead of Debian`;
  const [line = ''] = head.toString('latin1').split('\n', 1);
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

function readHead(file: string): Buffer {
  const buffer = Buffer.alloc(LONGEST_HEAD);
  try {
    const descriptor = openSync(file, 'r');
    try {
      return buffer.subarray(0, readSync(descriptor, buffer));
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // A program may be executable and not readable.
    return buffer.subarray(0, 0);
  }
}
