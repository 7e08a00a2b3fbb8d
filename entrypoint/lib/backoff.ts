import { setTimeout as delay } from 'node:timers/promises';

export interface BackoffOptions {
  /** The first pause and the longest one, in milliseconds. */
  readonly firstMs: number;
  readonly longestMs: number;
  readonly signal: AbortSignal;
  readonly random?: () => number;
}

/** Pauses that double from the first to the longest, each with up to half of it taken away by chance. */
export class Backoff {
  readonly #options: BackoffOptions;
  #nextMs: number;

  constructor(options: BackoffOptions) {
    this.#options = options;
    this.#nextMs = options.firstMs;
  }

  /** Waits, but not past `remainingMs`; rejects with the signal's reason when it is aborted. */
  async pause(remainingMs: number): Promise<void> {
    const { longestMs, signal, random = Math.random } = this.#options;
    const jittered = this.#nextMs * (1 - random() / 2);
    this.#nextMs = Math.min(this.#nextMs * 2, longestMs);
    signal.throwIfAborted();
    await delay(Math.max(0, Math.min(jittered, remainingMs)), undefined, { signal }).catch(() =>
      signal.throwIfAborted(),
    );
  }
}
