/** How long the system may take to end a process that was killed. */
const ENDING_MS = 1000;

/** Kills a child, and gives up on one that lives on: a process of another user gets no signal of ours. */
export class Kill {
  /** Resolves a while after the kill. */
  readonly givenUp: Promise<undefined>;
  readonly #send: () => void;
  readonly #timers: NodeJS.Timeout[] = [];
  #giveUp: () => void = () => undefined;

  constructor(send: () => void) {
    this.#send = send;
    this.givenUp = new Promise((resolve) => {
      this.#giveUp = () => resolve(undefined);
    });
  }

  readonly now = (): void => {
    this.#send();
    this.#timers.push(setTimeout(this.#giveUp, ENDING_MS));
  };

  after(ms: number): void {
    this.#timers.push(setTimeout(this.now, ms));
  }

  cancel(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}
