import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ALPHABET, decodeBase85 } from '../../../entrypoint/lib/base85.ts';
import { encodeBase85 } from '../../../scripts/build/base85.mjs';

test('any bytes come back as they were, in characters that a JavaScript string holds as they are', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (drawn) => {
      const bytes = Buffer.from(drawn);
      const text = encodeBase85(bytes);
      expect(decodeBase85(text, bytes.length)).toEqual(bytes);
      expect([...text].every((character) => ALPHABET.includes(character))).toBe(true);
    }),
    { numRuns: 500 },
  );
  expect(new Set(ALPHABET).size).toBe(85);
  expect(ALPHABET).not.toMatch(/["'`\\\s]/);
});

test('the example of its specification', () => {
  const bytes = Buffer.from([0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b]);
  expect(encodeBase85(bytes)).toBe('HelloWorld');
  expect(decodeBase85('HelloWorld', 8)).toEqual(bytes);
});
