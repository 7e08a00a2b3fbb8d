import { describe, expect, test } from 'vitest';
import { Backoff, type BackoffOptions } from '../../../entrypoint/lib/backoff.ts';

const TEN_MINUTES = 600_000;
const never = new AbortController().signal;
const backoff = (options: Partial<BackoffOptions>) =>
  new Backoff({ firstMs: 20, longestMs: 40, signal: never, random: () => 0, ...options });

/** Timers count whole milliseconds, and may begin within one. */
async function timePauses(count: number, options: Partial<BackoffOptions>): Promise<number> {
  const pauses = backoff(options);
  const start = performance.now();
  for (let done = 0; done < count; done += 1) await pauses.pause(TEN_MINUTES);
  return performance.now() - start + count;
}

describe('Backoff', () => {
  test('doubles its pauses', async () => {
    expect(await timePauses(3, { firstMs: 20, longestMs: 1000 })).toBeGreaterThanOrEqual(20 + 40 + 80);
  });

  test('does not double them past the longest', async () => {
    // Twenty doublings of 1 ms would be a quarter of an hour: the test would not end.
    await timePauses(20, { firstMs: 1, longestMs: 2 });
  });

  test('takes up to half of a pause away by chance, so that replicas do not come at once', async () => {
    const lucky = backoff({ firstMs: 60, longestMs: 60, random: () => 1 }).pause(TEN_MINUTES);
    const whole = backoff({ firstMs: 60, longestMs: 60 }).pause(TEN_MINUTES);
    const lessThanHalf = backoff({ firstMs: 25 }).pause(TEN_MINUTES);
    // Timers of Node.js end in their order, however busy the machine is.
    const order: string[] = [];
    const pauses = Object.entries({ whole, lucky, lessThanHalf });
    await Promise.all(pauses.map(([name, pause]) => pause.then(() => order.push(name))));
    expect(order).toEqual(['lessThanHalf', 'lucky', 'whole']);
  });

  test.each([-1, 0, 5])('does not wait past the time that is left: %i ms', async (remainingMs) => {
    await backoff({ firstMs: TEN_MINUTES }).pause(remainingMs);
  });

  test('ends with the reason of the signal, at once', async () => {
    const reason = new Error('told to end');
    const controller = new AbortController();
    const pauses = backoff({ firstMs: TEN_MINUTES, signal: controller.signal });
    const pause = pauses.pause(TEN_MINUTES);
    controller.abort(reason);
    await expect(pause).rejects.toBe(reason);
    await expect(pauses.pause(TEN_MINUTES)).rejects.toBe(reason);
  });
});
