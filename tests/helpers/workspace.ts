/**
 * A temporary folder for the running process, and a guard that outlives it.
 *
 * `createFolder(name)` makes a folder that goes when this process ends, however it ends: a small shell waits for
 * the other end of a pipe to close (also when we are killed), then ends every process started with
 * `markedEnvironment(...)` and every PostgreSQL with its data in the folder, and removes the folder. A process is found by that mark and not by its group,
 * because what is tested here starts groups of its own.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const MARK = 'ZARPE_TEST_MARK';
const owner = randomUUID();
let folder: string | undefined;

/** Creates an empty folder, traversable for every user, below this process's own temporary folder. */
export async function createFolder(name: string): Promise<string> {
  const path = await mkdtemp(join(workspace(), `${name}-`));
  chmodSync(path, 0o755);
  return path;
}

/** The environment of a process of ours: what is given, the mark, and where `npm run coverage` wants its reports. */
export function markedEnvironment(
  name: string,
  values: Record<string, string | undefined>,
): NodeJS.ProcessEnv {
  const coverage = process.env.ZARPE_TEST_COVERAGE;
  const environment: Record<string, string | undefined> = {
    ...mark(name),
    ...(coverage !== undefined && { NODE_V8_COVERAGE: coverage }),
    ...values,
  };
  // Next's types would have NODE_ENV in every environment; here it is only where a test says so.
  return environment as NodeJS.ProcessEnv;
}

/** Every living process that was started with `mark(name)`, its descendants included. Linux only: elsewhere none. */
export function markedProcesses(name: string): { pid: number; command: string }[] {
  const wanted = `${MARK}=${owner}.${name}\0`;
  return processIds().flatMap((pid) => {
    const environment = readProcessFile(pid, 'environ');
    if (!environment?.includes(wanted)) return [];
    return [{ pid, command: (readProcessFile(pid, 'cmdline') ?? '').split('\0').join(' ').trim() }];
  });
}

/** Kills every process that was started with `mark(name)` and waits until none is left. */
export async function killMarked(name: string): Promise<void> {
  for (;;) {
    const left = markedProcesses(name);
    if (left.length === 0) return;
    for (const { pid } of left) killQuietly(pid);
    await pause(5);
  }
}

/** The environment variable that makes a process ours; `name` tells one run from another. */
function mark(name: string): Record<string, string> {
  workspace();
  return { [MARK]: `${owner}.${name}` };
}

function workspace(): string {
  if (folder !== undefined) return folder;
  folder = mkdtempSync(join(tmpdir(), 'zarpe-test-'));
  chmodSync(folder, 0o755);
  startGuard(folder);
  return folder;
}

const GUARD = `
trap '' HUP INT TERM QUIT
cat >/dev/null
while pids=$(grep -lsz "^${MARK}=$1\\." /proc/[0-9]*/environ | cut -d/ -f3) && [ -n "$pids" ]; do
  kill -KILL $pids 2>/dev/null
done
for file in "$2"/*/data/postmaster.pid; do
  [ -f "$file" ] && kill -QUIT "$(head -n 1 "$file")" 2>/dev/null
done
until rm -rf "$2" 2>/dev/null; do [ -e "$2" ] || break; done
`;

function startGuard(path: string): void {
  const guard = spawn('/bin/sh', ['-c', GUARD, 'zarpe-test-guard', owner, path], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.unref();
  // The pipe alone must not keep the test process alive.
  if ('unref' in guard.stdin && typeof guard.stdin.unref === 'function') guard.stdin.unref();
}

function processIds(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

function readProcessFile(pid: number, name: 'environ' | 'cmdline'): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return undefined;
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself in between.
  }
}
