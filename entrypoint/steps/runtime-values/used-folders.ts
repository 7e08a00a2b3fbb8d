import { randomUUID } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { faultPoint } from '../../core/fault-point.ts';
import { codeOf } from '../../lib/describe-error.ts';
import { isBuild } from './inventory.ts';
import { isOurs } from './owners.ts';

const USERS = 'users';
const DIGEST = /^[0-9a-f]{32}$/;
/** Any other name that begins so may be of the user. */
const TEMPORARY = /^\.(?:new|old)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}~(\d+@[\w.-]+)$/;
const HOUR_MS = 3_600_000;
/** Of a process on another machine, or in another container, nobody here knows whether it still runs. */
const MONTH_MS = 30 * 24 * HOUR_MS;

/** The name of a folder that this process is about to write or to remove. */
export function temporaryName(purpose: 'new' | 'old'): string {
  return `.${purpose}-${randomUUID()}~${thisProcess()}`;
}

/** Remembers in the folder that this process serves it; false if another start has just moved it away. */
export function markUse(folder: string): boolean {
  const users = join(folder, USERS);
  try {
    // Alone: the folder must not come into being anew.
    if (!existsSync(users)) mkdirSync(users);
    writeFileSync(join(users, thisProcess()), '');
    forgetEnded(users);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Removes the builds with other values that no process serves any more, and what killed starts left. */
export function removeUnused(writeTo: string, digest: string): void {
  for (const name of readdirSync(writeTo)) {
    const folder = join(writeTo, name);
    try {
      if (!isOurs(folder)) continue;
      const owner = TEMPORARY.exec(name)?.[1];
      if (owner !== undefined) {
        if (!isAtWork(owner, folder, HOUR_MS)) remove(folder);
      } else if (DIGEST.test(name) && name !== digest && isBuild(folder) && !isUsed(folder))
        removeUnless(isUsed, writeTo, folder);
    } catch {
      // Another replica removes it too.
    }
  }
}

/**
 * Moves the folder away, looks again, and removes it: a start that comes in between finds nothing there, and writes the
 * folder anew.
 */
export function removeUnless(isNeeded: (folder: string) => boolean, writeTo: string, folder: string): void {
  const removed = join(writeTo, temporaryName('old'));
  renameSync(folder, removed);
  faultPoint('values:remove');
  if (isNeeded(removed)) renameSync(removed, folder);
  else remove(removed);
}

/** Each start leaves a mark: a container that is started again and again would leave more and more of them. */
function forgetEnded(users: string): void {
  for (const user of readdirSync(users)) {
    try {
      const mark = join(users, user);
      if (user !== thisProcess() && !isAtWork(user, mark, MONTH_MS)) rmSync(mark);
    } catch {
      // Another replica removes it too.
    }
  }
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

function isUsed(folder: string): boolean {
  const users = readdirSync(join(folder, USERS));
  return users.some((user) => isAtWork(user, join(folder, USERS, user), MONTH_MS));
}

/** Whether a process other than this one may still need what it has marked. */
function isAtWork(user: string, mark: string, longestMs: number): boolean {
  const at = user.indexOf('@');
  const pid = Number(user.slice(0, at));
  if (user.slice(at + 1) === place()) return pid !== process.pid && isAlive(pid);
  return Date.now() - lstatSync(mark).mtimeMs < longestMs;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function thisProcess(): string {
  return `${process.pid}@${place()}`;
}

/** Where a process id means one process: the boot of the machine, and the container. */
function place(): string {
  const boot = orEmpty(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  const container = orEmpty(() => /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '');
  return `${boot}-${container}-${hostname()}`.replace(/[^\w.-]/g, '_');
}

function orEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
