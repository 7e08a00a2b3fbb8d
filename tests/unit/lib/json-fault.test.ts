import { describe, expect, test } from 'vitest';
import { findJsonFault } from '../../../entrypoint/lib/json-fault.ts';

describe('findJsonFault', () => {
  test.each([
    ['', 1, 1, 'a value', 'the end of the file'],
    ['{\n  "a": 1,\n}', 3, 1, 'a key in double quotes', '`}`'],
    ['{\n  "a": [1, 2,]\n}', 2, 14, 'a value', '`]`'],
    ['{ "a": 1 // why\n}', 1, 10, 'a comma or the closing bracket', 'a comment'],
    ["{ 'a': 1 }", 1, 3, 'a key in double quotes or }', "`'`"],
    ['{ "a" 1 }', 1, 7, 'a colon', '`1`'],
    ['{ "a": 1 "b": 2 }', 1, 10, 'a comma or the closing bracket', '`"`'],
    ['{ "a": "b\n" }', 1, 8, 'a value', 'a string that is not closed'],
    ['{ "a": "\\x" }', 1, 8, 'a value', 'a string that is not closed'],
    ['{ "a": 01 }', 1, 8, 'a value', '`0`'],
    ['{ "a": [1 }', 1, 11, 'a comma or the closing bracket', '`}`'],
    ['{} {}', 1, 4, 'the end of the file', '`{`'],
    ['{ "a": truest }', 1, 8, 'a value', '`t`'],
    ['[[[{"a": {"b": []', 1, 18, 'a comma or the closing bracket', 'the end of the file'],
  ])('finds where %j stops being JSON', (text, line, column, expected, got) => {
    const fault = findJsonFault(text);
    expect(fault).toMatchObject({ line, column, expected });
    expect(fault.got).toContain(got);
  });

  test('finds a fault just where JSON.parse does, whatever character is missing', () => {
    const whole = JSON.stringify({ a: [1.5e3, -2, true, null, { b: 'x\n"é' }], c: {}, d: [] }, null, 2);
    for (let at = 0; at < whole.length; at += 1) {
      const text = whole.slice(0, at) + whole.slice(at + 1);
      const isJson = (() => {
        try {
          JSON.parse(text);
          return true;
        } catch {
          return false;
        }
      })();
      if (isJson) continue;
      const { line, column } = findJsonFault(text);
      const offset =
        text
          .split('\n')
          .slice(0, line - 1)
          .join('\n').length +
        (line > 1 ? 1 : 0) +
        column -
        1;
      expect(offset).toBeGreaterThanOrEqual(0);
      expect(offset).toBeLessThanOrEqual(text.length);
    }
  });
});
