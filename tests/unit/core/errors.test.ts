import { describe, expect, test } from 'vitest';
import { BootError, ERROR_CODES, EXIT_STATUS } from '../../../entrypoint/core/errors.ts';
import { toBootError } from '../../../entrypoint/core/to-boot-error.ts';

const problem = { what: 'PORT', expected: 'a port', got: '`x`', hint: 'Correct it.' };

describe('the table of exit statuses', () => {
  test('is the one that was promised', () => {
    const table = Object.fromEntries(
      Object.values(EXIT_STATUS).map(({ status, retryable }) => [status, retryable]),
    );
    expect(table).toEqual({
      0: false,
      64: false,
      65: false,
      66: false,
      69: true,
      70: false,
      73: false,
      75: true,
      76: false,
      77: false,
      78: false,
    });
  });

  test('gives each status once, and uses each', () => {
    const statuses = Object.values(EXIT_STATUS).map(({ status }) => status);
    expect(new Set(statuses).size).toBe(statuses.length);
    const used = new Set<string>(Object.values(ERROR_CODES));
    expect(Object.keys(EXIT_STATUS).filter((name) => name !== 'ok' && !used.has(name))).toEqual([]);
  });
});

describe('BootError', () => {
  test('says what, what was expected, what came and what to do, a line a problem', () => {
    const error = new BootError('CONFIG_INVALID', [problem, { ...problem, what: 'HOSTNAME' }], 'the cause');
    expect(error.message).toBe(
      'PORT: expected a port, got `x`. Correct it.\nHOSTNAME: expected a port, got `x`. Correct it.',
    );
    expect(error).toMatchObject({
      code: 'CONFIG_INVALID',
      cause: 'the cause',
      exit: { status: 78, name: 'configuration' },
    });
  });
});

describe('toBootError', () => {
  test('leaves a known failure as it is', () => {
    const error = new BootError('USAGE', problem);
    expect(toBootError(error)).toBe(error);
  });

  test.each([
    ['EMFILE', 'PLATFORM_UNSUITABLE', false],
    ['ERR_ACCESS_DENIED', 'PLATFORM_UNSUITABLE', false],
    ['ENFILE', 'RESOURCE_EXHAUSTED', true],
    ['ENOMEM', 'RESOURCE_EXHAUSTED', true],
    ['EAGAIN', 'RESOURCE_EXHAUSTED', true],
  ])('takes %s for what the machine refuses, and for no bug', (code, known, retryable) => {
    const cause = Object.assign(new Error(`spawn ${code}`), { code });
    expect(toBootError(cause)).toMatchObject({ code: known, cause, exit: { retryable } });
  });

  test('makes a bug of anything else, its stack and cause kept', () => {
    const cause = new TypeError('x is not a function');
    const error = toBootError(cause);
    expect(error).toMatchObject({ code: 'INTERNAL', cause, exit: { status: 70 } });
    expect(error.problems[0]?.details?.join('\n')).toContain('errors.test.ts');
    expect(toBootError('a text').message).toContain('a text');
    expect(toBootError(undefined).code).toBe('INTERNAL');
  });
});
