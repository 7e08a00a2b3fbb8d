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

  /** Signals the group, and those who have left it; answers with all of them. */
  signalAll(signal: NodeJS.Signals): readonly number[] {
    const members = this.#look();
    send(-this.#leader, signal);
    for (const { pid, group } of members) if (group !== this.#leader) send(pid, signal);
    return members.map(({ pid }) => pid);
  }

  /**
   * Kills all of it; answers with those that live on. A process that starts itself anew every few milliseconds has another
   * number at each look: so until two looks have found nothing.
   */
  async kill(): Promise<readonly number[]> {
    const until = performance.now() + LAST_MS;
    let left: readonly number[] = [];
    for (let quiet = 0; quiet < 2 && performance.now() < until; quiet = left.length === 0 ? quiet + 1 : 0) {
      await delay(quiet * LOOK_MS);
      this.#killNewest();
      left = this.signalAll('SIGKILL');
    }
    return left;
  }

  /** Without a look at the others: the newest may be gone by then. */
  #killNewest(): void {
    for (const pid of processIds().reverse()) if (hasMark({ pid }, this.#mark)) send(pid, 'SIGKILL');
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
    const living = processIds().flatMap(readProcess);
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
function processIds(): number[] {
  try {
    return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
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

function hasMark({ pid }: Pick<Process, 'pid'>, mark: string): boolean {
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
