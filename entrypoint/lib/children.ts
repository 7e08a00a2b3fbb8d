import { setTimeout as delay } from 'node:timers/promises';

const POLITE_MS = 5000;
const LAST_MS = 1000;

interface Child {
  readonly ended: Promise<unknown>;
  readonly send: (signal: NodeJS.Signals) => void;
}

/** The processes that we have started and that live: none of them outlives us. */
export class Children {
  readonly #living = new Set<Child>();

  add(ended: Promise<unknown>, send: Child['send']): void {
    const child = { ended, send };
    const forget = () => this.#living.delete(child);
    this.#living.add(child);
    ended.then(forget, forget);
  }

  /** Ends them all: TERM first, KILL for what is still there after a while, and for what an ended one has left. */
  async end(): Promise<void> {
    const children = [...this.#living];
    if (children.length === 0) return;
    const ended = Promise.allSettled(children.map((child) => child.ended));
    for (const { send } of children) send('SIGTERM');
    await Promise.race([ended, delay(POLITE_MS)]);
    for (const { send } of children) send('SIGKILL');
    await Promise.race([ended, delay(LAST_MS)]);
  }

  /** Kills them all, and waits for nothing. */
  kill(): void {
    for (const { send } of this.#living) send('SIGKILL');
  }
}
