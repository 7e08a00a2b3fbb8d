import { describe, expect, test } from 'vitest';
import { VARIABLE_NAMES } from '../../../entrypoint/config/variables.ts';
import { nearest } from '../../../entrypoint/lib/nearest.ts';

describe('nearest', () => {
  test.each(VARIABLE_NAMES)('finds %s with a letter left out, put twice or changed', (name) => {
    for (const at of [1, Math.floor(name.length / 2), name.length - 1]) {
      const [before, letter, after] = [name.slice(0, at), name.charAt(at), name.slice(at + 1)];
      for (const misspelt of [before + after, before + letter + letter + after, `${before}Z${after}`]) {
        const found = nearest(misspelt, VARIABLE_NAMES);
        if (VARIABLE_NAMES.some((known) => known === misspelt)) expect(found).toBe(misspelt);
        else expect(found).toBe(name);
      }
    }
  });

  test('finds what a word is short for, or begins like', () => {
    expect(nearest('health', ['start', 'healthcheck'])).toBe('healthcheck');
    expect(nearest('migrations', ['start', 'migrate'])).toBe('migrate');
    expect(nearest('--skip-db', ['--json', '--skip-database'])).toBe('--skip-database');
  });

  test('finds nothing in an empty list, nor for a name that resembles none', () => {
    expect(nearest('start', [])).toBeUndefined();
    expect(nearest('frobnicate', ['start', 'check'])).toBeUndefined();
    expect(nearest('ENTRYPOINT_QQQQQQQQ', ['ENTRYPOINT_SEED', 'ENTRYPOINT_SERVER'])).toBeUndefined();
  });
});
