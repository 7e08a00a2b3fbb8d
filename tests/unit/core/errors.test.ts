import { describe, expect, test } from 'vitest';
import { BootError, ERROR_CODES, EXIT_STATUS } from '../../../entrypoint/core/errors.ts';
import { toBootError } from '../../../entrypoint/core/to-boot-error.ts';

const problem = { what: 'PORT', expected: 'a port', got: '`x`', action: 'Correct it.' };

describe('the table of exit statuses', () => {
  test('is the one that was promised', () => {
    const table = Object.fromEntries(
      Object.values(EXIT_STATUS).map(({ status, remedy }) => [status, remedy]),
    );
    expect(table).toEqual({
      0: 'done',
      64: 'person',
      65: 'person',
      66: 'person',
      69: 'again',
      70: 'person',
      73: 'person',
      75: 'again',
      77: 'person',
      78: 'person',
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
    ['EMFILE', 'PLATFORM_UNSUITABLE', 'person'],
    ['ERR_ACCESS_DENIED', 'PLATFORM_UNSUITABLE', 'person'],
    ['ENFILE', 'RESOURCE_EXHAUSTED', 'again'],
    ['ENOMEM', 'RESOURCE_EXHAUSTED', 'again'],
    ['EAGAIN', 'RESOURCE_EXHAUSTED', 'again'],
  ])('takes %s for what the machine refuses, and for no bug', (code, known, remedy) => {
    const cause = Object.assign(new Error(`spawn ${code}`), { code });
    expect(toBootError(cause)).toMatchObject({ code: known, cause, exit: { remedy } });
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
