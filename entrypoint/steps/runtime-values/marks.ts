import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { codeOf } from '../../lib/describe-error.ts';

const USERS = 'users';
/** The process id, where it means a process, and whether the server has replaced that process. */
const MARK = /^(\d+)@([\w.-]+)(~exec)?$/;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MONTH_MS = 30 * DAY_MS;

/** How a process uses a folder. */
export interface Use {
  /** Whether it lives as long as the server does. */
  readonly isSupervised: boolean;
}

/** Remembers in the folder that this process serves it; false if another start has just moved it away. */
export function markUse(folder: string, use: Use): boolean {
  const users = join(folder, USERS);
  const mark = markOf(use);
  try {
    // Alone: the folder must not come into being anew.
    if (!existsSync(users)) mkdirSync(users);
    writeFileSync(join(users, mark), '');
    forgetEnded(users, mark);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Renews the mark each day: a month old, it is taken for that of an ended process in other containers. */
export function keepMarked(folder: string, use: Use): void {
  // A server that replaces this process renews none: such a mark counts at any age.
  if (use.isSupervised) setInterval(() => renew(join(folder, USERS, markOf(use))), DAY_MS).unref();
}

/** Whether a process other than this one may serve the folder. */
export function isUsed(folder: string): boolean {
  const users = join(folder, USERS);
  return readdirSync(users).some((user) => isAtWork(user, join(users, user), MONTH_MS));
}

/** Whether a process other than this one may be about to write or to remove the folder that has its name. */
export function isBeingMoved(owner: string, folder: string): boolean {
  return isAtWork(owner, folder, HOUR_MS);
}

/** Makes a file or folder as young as if it had just been made. */
export function renew(path: string): void {
  try {
    const now = new Date();
    utimesSync(path, now, now);
  } catch {
    // It is gone, or of another user.
  }
}

/** This process, in a name that other containers do not give to theirs. */
export function thisProcess(): string {
  return `${process.pid}@${place()}`;
}

function markOf({ isSupervised }: Use): string {
  return isSupervised ? thisProcess() : `${thisProcess()}~exec`;
}

/** Each start leaves a mark: a container that is started again and again would leave more and more of them. */
function forgetEnded(users: string, own: string): void {
  for (const user of readdirSync(users)) {
    try {
      const mark = join(users, user);
      if (user !== own && !isAtWork(user, mark, MONTH_MS)) rmSync(mark);
    } catch {
      // Another replica removes it too.
    }
  }
}

/** Of a process on another machine, or in another container, only its mark tells whether it still runs. */
function isAtWork(user: string, mark: string, longestMs: number): boolean {
  const [, pid, at, isReplaced] = MARK.exec(user) ?? [];
  if (at === place()) return Number(pid) !== process.pid && isAlive(Number(pid));
  return isReplaced !== undefined || Date.now() - lstatSync(mark).mtimeMs < longestMs;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
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
