import { describe, expect, test, vi } from 'vitest';
import { Backoff } from '../../../entrypoint/lib/backoff.ts';

const delay = vi.hoisted(() => vi.fn((_ms: number, _value: unknown, _options: unknown) => Promise.resolve()));
vi.mock('node:timers/promises', () => ({ setTimeout: delay }));

async function pauses(random: number, remainingMs = Number.POSITIVE_INFINITY): Promise<number[]> {
  delay.mockClear();
  const signal = new AbortController().signal;
  const backoff = new Backoff({ firstMs: 100, longestMs: 1000, signal, random: () => random });
  for (let count = 0; count < 6; count += 1) await backoff.pause(remainingMs);
  return delay.mock.calls.map(([ms]) => ms);
}

describe('Backoff', () => {
  test('doubles its pauses up to the longest', async () => {
    expect(await pauses(0)).toEqual([100, 200, 400, 800, 1000, 1000]);
  });

  test('takes up to half of a pause away by chance, so that replicas do not come at once', async () => {
    expect(await pauses(1)).toEqual([50, 100, 200, 400, 500, 500]);
  });

  test('does not wait past the time that is left', async () => {
    expect(await pauses(0, 300)).toEqual([100, 200, 300, 300, 300, 300]);
    expect(await pauses(0, -1)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('ends with the reason of the signal', async () => {
    const reason = new Error('told to end');
    const controller = new AbortController();
    const backoff = new Backoff({ firstMs: 100, longestMs: 1000, signal: controller.signal });
    delay.mockImplementationOnce(async () => {
      controller.abort(reason);
      throw new Error('aborted');
    });
    await expect(backoff.pause(1000)).rejects.toBe(reason);
    delay.mockClear();
    await expect(backoff.pause(1000)).rejects.toBe(reason);
    expect(delay).not.toHaveBeenCalled();
  });
});
