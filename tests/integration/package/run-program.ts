/** Runs the program of the published package as a process, packed by npm and unpacked somewhere else. */
import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { inject } from 'vitest';
import { assemblePackage } from '../../../scripts/build/assemble-package.mjs';
import { NOTICES } from '../../../scripts/build/notices.mjs';
import '../../helpers/run-context.ts';
import { createFolder, markedEnvironment } from '../../helpers/workspace.ts';

let installed: Promise<string> | undefined;

/** The folder of the package, as `npm install` leaves it. */
export function installPackage(): Promise<string> {
  installed ??= packAndUnpack();
  return installed;
}

async function packAndUnpack(): Promise<string> {
  const folder = await createFolder('package');
  const notices = join(dirname(inject('bundle')), NOTICES);
  await writeFile(notices, '', { flag: 'a' });
  await assemblePackage(join(folder, 'built'), inject('bundle'));
  const run = promisify(execFile);
  await run('npm', ['pack', '--silent', '--pack-destination', folder, join(folder, 'built')], {
    cwd: folder,
  });
  await run('tar', ['-xzf', (await run('ls', [folder])).stdout.match(/\S+\.tgz/)?.[0] ?? ''], {
    cwd: folder,
  });
  return join(folder, 'package');
}

export interface ProgramResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs `zarpe` in a folder, without a terminal.
 * @param flags for Node.js
 */
export async function runProgram(
  cwd: string,
  args: readonly string[],
  flags: readonly string[] = [],
): Promise<ProgramResult> {
  const child = await startProgram(cwd, args, flags);
  child.stdin.end();
  return resultOf(child);
}

/**
 * Runs `zarpe` with an input that says it is a terminal in raw mode, as one is while a question waits: Ctrl-C is a character.
 * @param answers what is typed, one at each question
 */
export async function answerProgram(
  cwd: string,
  args: readonly string[],
  answers: readonly string[],
): Promise<ProgramResult> {
  const terminal = join(await createFolder('terminal'), 'terminal.cjs');
  await writeFile(
    terminal,
    'process.stdin.isTTY = process.stdout.isTTY = true;\nprocess.stdin.setRawMode = () => process.stdin;\n',
  );
  const child = await startProgram(cwd, args, ['--require', terminal]);
  const left = [...answers];
  let seen = '';
  child.stdout.on('data', (chunk: Buffer) => {
    seen += chunk;
    for (let at = seen.indexOf('[y/N]'); at !== -1; at = seen.indexOf('[y/N]')) {
      seen = seen.slice(at + 1);
      const answer = left.shift();
      if (answer === undefined) child.stdin.end();
      else child.stdin.write(answer);
    }
  });
  return resultOf(child);
}

async function startProgram(cwd: string, args: readonly string[], flags: readonly string[] = []) {
  const program = join(await installPackage(), 'zarpe.mjs');
  return spawn(process.execPath, [...flags, program, ...args], {
    cwd,
    env: markedEnvironment('program', { PATH: process.env.PATH }),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

async function resultOf(child: ChildProcessWithoutNullStreams): Promise<ProgramResult> {
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, stdout, stderr };
}

/** A project with these files, by their paths; an object is written as JSON. */
export async function createProject(files: Record<string, string | object>): Promise<string> {
  const folder = await createFolder('project');
  await mkdir(join(folder, '.git'));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(
      join(folder, path),
      typeof content === 'string' ? content : JSON.stringify(content, null, 2),
    );
  }
  return folder;
}
