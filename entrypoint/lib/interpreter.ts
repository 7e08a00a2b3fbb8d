import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { type FileHead, readElf } from './elf.ts';
import { type CommandPlace, findProgram, isProgram } from './find-program.ts';

/** Of a script Linux reads 256 bytes; the header of a program is longer. */
const LONGEST_HEAD = 4096;

/**
 * Why a file cannot run here: it is no program of this system, or what it needs is not there, the interpreter in the first line
 * of a script (`#!`), the dynamic linker of a program. The system reports only ENOENT, or has a shell read it.
 */
export function findInterpreterProblem(
  program: string,
  file: string,
  place: CommandPlace,
): string | undefined {
  const head = readHead(file);
  // A program may be executable and not readable.
  if (head === undefined) return undefined;
  if (head.size === 0) return `${program} is an empty file`;
  const isLinux = process.platform === 'linux';
  const { linker, problem } = isLinux ? readElf(head) : {};
  if (problem !== undefined) return `${program} ${problem}`;
  if (linker !== undefined && !existsSync(linker))
    return `${program} needs ${linker}, which is not in the image: it was built for another Linux, such as Alpine instead of Debian`;
  const [line = ''] = head.bytes.toString('latin1').split('\n', 1);
  if (isLinux && !/^(?:#!|\x7fELF)/.test(line))
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

function readHead(file: string): FileHead | undefined {
  const buffer = Buffer.alloc(LONGEST_HEAD);
  try {
    const descriptor = openSync(file, 'r');
    try {
      return { bytes: buffer.subarray(0, readSync(descriptor, buffer)), size: fstatSync(descriptor).size };
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
}
