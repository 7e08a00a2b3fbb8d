import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const LOOK_MS = 20;
const LAST_MS = 1000;
const ENDING_MS = 200;

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** With the number it makes a process unique: numbers are given anew. */
  readonly startedAt: string;
}

/**
 * A process that leads a group, and what it has started: also in sessions of its own, as far as /proc tells. A daemon
 * whose parent has ended is known by a mark in the environment that it was started with.
 */
export class ProcessFamily {
  readonly #leader: number;
  readonly #mark: string;
  readonly #known = new Map<number, Process>();

  constructor(leader: number, mark: string) {
    this.#leader = leader;
    this.#mark = mark;
  }

  /** The processes that live on; those that are just ending do not. */
  async living(): Promise<readonly number[]> {
    return this.#waitUntilGone(ENDING_MS);
  }

  /** Signals the group alone, and remembers who has left it: once their parents have ended nothing leads to them. */
  signalGroup(signal: NodeJS.Signals): void {
    this.#look();
    send(-this.#leader, signal);
  }

  /** Signals the group, and those who have left it. */
  signalAll(signal: NodeJS.Signals): void {
    const strays = this.#look().filter(({ group }) => group !== this.#leader);
    send(-this.#leader, signal);
    for (const { pid } of strays) send(pid, signal);
  }

  /** Kills all of it; answers with those that live on. */
  async kill(): Promise<readonly number[]> {
    this.signalAll('SIGKILL');
    return this.#waitUntilGone(LAST_MS);
  }

  async #waitUntilGone(longestMs: number): Promise<readonly number[]> {
    const until = performance.now() + longestMs;
    let left = this.#look();
    while (left.length > 0 && performance.now() < until) {
      await delay(LOOK_MS);
      left = this.#look();
    }
    return left.map(({ pid }) => pid);
  }

  #look(): Process[] {
    const living = readProcesses();
    const isKnown = ({ pid, startedAt }: Process) => this.#known.get(pid)?.startedAt === startedAt;
    const members = living.filter(
      (process) => process.group === this.#leader || isKnown(process) || hasMark(process, this.#mark),
    );
    const pids = new Set(members.map(({ pid }) => pid));
    // An array is walked to what is added on the way.
    for (const member of members) {
      this.#known.set(member.pid, member);
      const started = living.filter(({ pid, parent }) => parent === member.pid && !pids.has(pid));
      for (const { pid } of started) pids.add(pid);
      members.push(...started);
    }
    return members;
  }
}

/** All that live, or none where the system has no /proc. */
function readProcesses(): Process[] {
  try {
    return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? readProcess(Number(name)) : []));
  } catch {
    return [];
  }
}

function readProcess(pid: number): Process[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name comes before, in brackets, and may hold anything.
    const [state, parent, group, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z' || state === 'X') return [];
    return [{ pid, parent: Number(parent), group: Number(group), startedAt: rest[16] ?? '' }];
  } catch {
    return [];
  }
}

function hasMark({ pid }: Process, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(mark);
  } catch {
    // It has ended, or has another user.
    return false;
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // ESRCH: it has ended. EPERM: it has another user.
  }
}
