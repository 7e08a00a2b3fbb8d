import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ALPHABET, decodeBase91 } from '../../../entrypoint/lib/base91.ts';
import { encodeBase91 } from '../../../scripts/build/base91.mjs';

test('any bytes come back as they were, in characters that a JavaScript string holds as they are', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (drawn) => {
      const bytes = Buffer.from(drawn);
      const text = encodeBase91(bytes);
      expect(decodeBase91(text, bytes.length)).toEqual(bytes);
      expect([...text].every((character) => ALPHABET.includes(character))).toBe(true);
    }),
    { numRuns: 500 },
  );
  expect(new Set(ALPHABET).size).toBe(91);
  expect(ALPHABET).not.toMatch(/["'\\\s]/);
});

test('the lowest bits come first, 13 in two characters', () => {
  expect(encodeBase91(Buffer.from([90]))).toBe(`0${ALPHABET[90]}`);
  expect(encodeBase91(Buffer.from([0xff, 0x1f]))).toBe(
    `${ALPHABET[(8191 / 91) | 0]}${ALPHABET[8191 % 91]}00`,
  );
  expect(encodeBase91(Buffer.alloc(0))).toBe('');
});
