/**
 * Requests without a pause between them, so that a gap in the service shows.
 *
 *     const asking = keepAsking(() => fetch(url), 4);
 *     await asking.until(20);                     // that many more are answered
 *     expect(await asking.end()).toEqual([]);     // what was not a 200
 */
import { EventEmitter, once } from 'node:events';

export interface Asking {
  /** Until `more` requests more are answered, well or not. */
  until(more: number): Promise<void>;
  /** Ends it, and tells of every request that failed. */
  end(): Promise<unknown[]>;
}

export function keepAsking(ask: () => Promise<{ status: number }>, atOnce = 1): Asking {
  const answered = new EventEmitter();
  const failed: unknown[] = [];
  let count = 0;
  let ended = false;
  const askAgain = async () => {
    while (!ended) {
      const outcome = await ask().catch((error: unknown) => ({ status: 0, error }));
      if (outcome.status !== 200) failed.push(outcome);
      count += 1;
      answered.emit('answer');
    }
  };
  const work = Array.from({ length: atOnce }, askAgain);
  return {
    async until(more) {
      for (const wanted = count + more; count < wanted; ) await once(answered, 'answer');
    },
    async end() {
      ended = true;
      await Promise.all(work);
      return failed;
    },
  };
}
