import { stripVTControlCharacters, styleText } from 'node:util';
import { describe, expect, test } from 'vitest';
import { formatPrettyLine } from '../../../entrypoint/core/pretty.ts';

const pretty = (line: object, color = false) => formatPrettyLine(JSON.stringify(line), { color });

describe('formatPrettyLine', () => {
  test('shows the end of a step with its symbol, its name and its duration, aligned', () => {
    const lines = [
      { level: 'info', step: 'database', event: 'done', msg: 'PostgreSQL 18.1 at db', durationMs: 87 },
      { level: 'info', step: 'seed', event: 'skipped', msg: 'skipped: users has rows', durationMs: 1234 },
      { level: 'warn', step: 'build', event: 'warning', msg: 'not writable' },
      { level: 'info', step: 'migrate', event: 'applied', msg: '0001_init', durationMs: 3 },
      { level: 'info', event: 'summary', msg: '1.3s in all', durationMs: 1300 },
    ];
    expect(lines.map((line) => pretty(line)).join('')).toBe(
      [
        '✓ database  PostgreSQL 18.1 at db  87ms',
        '– seed      skipped: users has rows  1.2s',
        '! build     not writable',
        '· migrate   0001_init  3ms',
        '·           1.3s in all',
        '',
      ].join('\n'),
    );
  });

  test('says nothing of the start of a step', () => {
    expect(pretty({ level: 'info', step: 'seed', event: 'start', msg: 'started' })).toBe('');
  });

  test('shows every problem of a failure, its details below it, and what the exit status asks for', () => {
    const problem = { what: 'PORT', expected: 'a port', got: '`x`', hint: 'Correct it.' };
    const failure = {
      level: 'error',
      step: 'config',
      event: 'failed',
      msg: 'never shown twice',
      exitStatus: 78,
      retryable: false,
      error: { code: 'CONFIG_INVALID', problems: [problem, { ...problem, details: ['3 | SELEC', '  | ^'] }] },
    };
    expect(pretty(failure)).toBe(
      [
        '✗ config    PORT: expected a port, got `x`.',
        '            Correct it.',
        '            PORT: expected a port, got `x`.',
        '            Correct it.',
        '              3 | SELEC',
        '                | ^',
        '            exit 78: manual action required',
        '',
      ].join('\n'),
    );
    expect(pretty({ ...failure, exitStatus: 69, retryable: true })).toContain('exit 69: restarting may help');
  });

  test('shows the details of a warning', () => {
    const line = { level: 'warn', step: 'migrate', event: 'continued', msg: 'failed', details: ['why'] };
    expect(pretty(line)).toBe('! migrate   failed\n            why\n');
  });

  test.each([
    ['a line break', 'a\n✓ migrate   forged', 'a\n            ✓ migrate   forged'],
    ['a carriage return', 'a\r✓ migrate   forged', 'a\\x0d✓ migrate   forged'],
    ['an escape sequence', '\x1b[2K\x1b[1G✓ \x9b31m', '\\x1b[2K\\x1b[1G✓ \\x9b31m'],
    ['a title of the window', '\x1b]0;owned\x07', '\\x1b]0;owned\\x07'],
    ['text turned around', 'a\u202eb\u2066c\u2028d', 'a\\u202eb\\u2066c\\u2028d'],
  ])('shows %s in a message, a detail and a problem, and does not obey it', (_, text, shown) => {
    const lines = [
      { level: 'info', step: 'seed', event: 'output', msg: text },
      { level: 'warn', step: 'seed', event: 'x', msg: 'm', details: [text] },
      {
        level: 'error',
        step: 'seed',
        event: 'failed',
        error: { problems: [{ what: text, expected: 'e', got: 'g', hint: 'Do.', details: [text] }] },
      },
    ];
    const [first = '', second = '', third = ''] = lines.map((line) => pretty(line));
    expect(first).toBe(`· seed      ${shown}\n`);
    expect(second).toBe(`! seed      m\n            ${shown}\n`);
    expect(third).toContain(`✗ seed      ${shown}: expected e`);
    for (const line of third.split('\n').slice(1)) expect(line).toMatch(/^( {12}|$)/);
  });

  test('colours the symbol alone, and only where colours are welcome', () => {
    const line = { level: 'info', step: 'seed', event: 'done', msg: 'seeded' };
    expect(pretty(line, true)).toBe(
      `${styleText('green', '✓', { validateStream: false })} seed      seeded\n`,
    );
    expect(stripVTControlCharacters(pretty(line, true))).toBe(pretty(line, false));
  });
});
