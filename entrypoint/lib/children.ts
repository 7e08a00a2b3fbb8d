import { setTimeout as delay } from 'node:timers/promises';

const TERM_WAIT_MS = 5000;
const KILL_WAIT_MS = 1000;

interface Child {
  readonly ended: Promise<unknown>;
  readonly send: (signal: NodeJS.Signals) => void;
}

/** The running processes that we started: none of them may outlive us. */
export class Children {
  readonly #living = new Set<Child>();

  add(ended: Promise<unknown>, send: Child['send']): void {
    const child = { ended, send };
    const forget = () => this.#living.delete(child);
    this.#living.add(child);
    ended.then(forget, forget);
  }

  /** Ends them all: SIGTERM first, SIGKILL after a while for what still runs and for what an exited one left behind. */
  async terminate(): Promise<void> {
    const children = [...this.#living];
    if (children.length === 0) return;
    const ended = Promise.allSettled(children.map((child) => child.ended));
    for (const { send } of children) send('SIGTERM');
    await Promise.race([ended, delay(TERM_WAIT_MS)]);
    for (const { send } of children) send('SIGKILL');
    await Promise.race([ended, delay(KILL_WAIT_MS)]);
  }

  /** Kills them all without waiting. */
  kill(): void {
    for (const { send } of this.#living) send('SIGKILL');
  }
}
