/** Runs the program of the published package as a process, packed by npm and unpacked somewhere else. */
import { execFile, spawn } from 'node:child_process';
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

/** Runs `zarpe` in a folder, without a terminal. */
export async function runProgram(
  cwd: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<ProgramResult> {
  const program = join(await installPackage(), 'zarpe.mjs');
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: markedEnvironment('program', { PATH: process.env.PATH, ...env }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
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
