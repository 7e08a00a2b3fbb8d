import { constants } from 'node:os';

/** The signals a supervisor passes on. USR1 is Node.js's inspector's; KILL and STOP cannot be caught. */
export const FORWARDED_SIGNALS = [
  'SIGTERM',
  'SIGINT',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR2',
  'SIGCONT',
  'SIGWINCH',
] as const;
export type ForwardedSignal = (typeof FORWARDED_SIGNALS)[number];

const ENDING: ReadonlySet<ForwardedSignal> = new Set(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT']);

/** Thrown out of a step that a signal ended. */
export class ShutdownError extends Error {
  override readonly name = 'ShutdownError';
  readonly signal: ForwardedSignal;

  constructor(signal: ForwardedSignal) {
    super(`ended by ${signal}`);
    this.signal = signal;
  }
}

/** 128 + n, the exit status of a process that a signal ended. */
export function signalStatus(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

/**
 * Hears signals from its creation on. Until a child takes them over, the first one that ends a process aborts
 * `signal` with a ShutdownError; afterwards each one, as often as it comes, goes to the child.
 */
export class Shutdown {
  readonly #controller = new AbortController();
  #forward: ((signal: ForwardedSignal) => void) | undefined;

  constructor() {
    for (const name of FORWARDED_SIGNALS) process.on(name, () => this.#receive(name));
  }

  /** Aborted when the process gets a signal to end; its reason is a ShutdownError. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Sends what arrives to a child until the returned function is called. */
  forwardTo(send: (signal: ForwardedSignal) => void): () => void {
    this.#forward = send;
    return () => {
      if (this.#forward === send) this.#forward = undefined;
    };
  }

  /** Leaves the signals to the kernel again. */
  release(): void {
    for (const name of FORWARDED_SIGNALS) process.removeAllListeners(name);
  }

  #receive(name: ForwardedSignal): void {
    const forward = this.#forward;
    if (ENDING.has(name) && !this.#controller.signal.aborted) this.#controller.abort(new ShutdownError(name));
    forward?.(name);
  }
}
