import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ComposedQuery } from '../../../../entrypoint/migrations/apply/composed-query.ts';

describe('a place in a composed query', () => {
  const script = "SELECT '😀'; SELECT tetx;";
  const query = new ComposedQuery()
    .add('BEGIN', "SELECT '😀'")
    .addScript(script.slice(0, 11), 0, [0])
    .endScript()
    .add('SET CONSTRAINTS ALL IMMEDIATE')
    .addScript(script.slice(13), 13, [1])
    .endScript()
    .add('COMMIT');

  test('is the statement of the script that did not complete, and none for a statement of ours', () => {
    const places = [0, 1, 2, 3, 4, 5, 6].map((completed) => query.locate(undefined, completed).statement);
    expect(places).toEqual([undefined, undefined, 0, undefined, 1, undefined, undefined]);
  });

  test('is the offset in the script of any position in it, counted in characters as the server does', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 20 });
    fc.assert(
      fc.property(text, text, text, text, fc.nat(), (ours, before, part, after, at) => {
        const whole = `${before}${part}${after}`;
        const composed = new ComposedQuery()
          .add(`SELECT '${ours}'`)
          .addScript(part, before.length, [3])
          .endScript()
          .add(`SELECT '${ours}'`);
        const characters = [...part];
        const index = characters.length === 0 ? 0 : at % characters.length;
        const position = [...`SELECT '${ours}';\n`].length + index + 1;
        const offset = before.length + characters.slice(0, index).join('').length;
        expect(composed.locate(position, 1)).toEqual({ offset, statement: 3 });
        expect(whole.slice(offset)).toBe(`${characters.slice(index).join('')}${after}`);
      }),
      { numRuns: 500 },
    );
  });

  test('is nowhere for a position in a statement of ours, or outside the text', () => {
    expect(query.locate(1, 0)).toEqual({});
    expect(query.locate(0, 0)).toEqual({});
    expect(query.locate(10_000, 0)).toEqual({});
  });
});
