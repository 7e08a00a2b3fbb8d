import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDuration, parseDuration } from '../../../entrypoint/lib/duration.ts';

describe('parseDuration', () => {
  test.each([
    ['0s', 0],
    ['500ms', 500],
    ['30s', 30_000],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['596h', 2_145_600_000],
  ])('reads %s as %i ms', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  test.each([
    '',
    '5',
    '5 s',
    '-5s',
    '1.5s',
    '5S',
    '5sec',
    'soon',
    's',
    '5s ',
    '1d',
    '1e3s',
    '٥s',
    '597h',
    '99999999999s',
  ])('does not take %j for one', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe('formatDuration', () => {
  test.each([
    [0, '0ms'],
    [87.4, '87ms'],
    [999.4, '999ms'],
    [1000, '1s'],
    [1234, '1.2s'],
    [59_940, '59.9s'],
    [60_000, '1m'],
    [90_000, '2m'],
    [3_600_000, '1h'],
  ])('shows %d ms as %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });

  test('shows what was given in whole units as it was given', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 59 }), fc.constantFrom('s', 'm'), (count, unit) => {
        expect(formatDuration(parseDuration(`${count}${unit}`) ?? 0)).toBe(`${count}${unit}`);
      }),
    );
  });
});
