import { describe, expect, test } from 'vitest';
import { Secrets } from '../../../../entrypoint/lib/secrets.ts';
import { ComposedQuery } from '../../../../entrypoint/migrations/apply/composed-query.ts';
import { locateFailure, showLocation } from '../../../../entrypoint/migrations/apply/script-location.ts';
import { parseScript } from '../../../../entrypoint/migrations/script/script.ts';

function locate(script: string, position: number | undefined, completed: number) {
  const parsed = parseScript(script);
  const query = new ComposedQuery()
    .add('BEGIN', "SELECT '😀'")
    .addScript(script, 0, parsed.statements.keys());
  const before = [...query.text].length - [...script].length;
  return locateFailure(parsed, query.locate(position && position + before, completed + 2));
}

/** What a person is shown for a position that the server counts in characters, from 1. */
function show(script: string, position: number | undefined, completed = 0): string[] | undefined {
  const location = locate(script, position, completed);
  return location === undefined ? undefined : showLocation(location, (text) => text);
}

/** The server's position of a text in a script. */
const positionOf = (script: string, text: string) => [...script.slice(0, script.indexOf(text))].length + 1;

describe('locateFailure', () => {
  test('finds the line of a position, and puts a caret below it', () => {
    const script = 'CREATE TABLE a (\n  id int,\n  name tetx\n);\n';
    expect(show(script, positionOf(script, 'tetx'))).toEqual(['3 |   name tetx', '  |        ^']);
  });

  test('counts characters as the server does, not as JavaScript does', () => {
    const script = "SELECT '😀😀';\nSELECT '𝔘', tetx;";
    expect(locate(script, positionOf(script, 'tetx'), 0)).toEqual({
      line: 2,
      column: "SELECT '𝔘', ".length + 1,
      text: "SELECT '𝔘', tetx;",
    });
  });

  test('keeps the caret under its word where tabs stand before it', () => {
    const script = "\tSELECT 'é',\ttetx;";
    expect(show(script, positionOf(script, 'tetx'))).toEqual([`1 | ${script}`, '  | \t           \t^']);
  });

  test('shows of a long line what stands around the place, cut at spaces', () => {
    const values = (count: number) =>
      Array.from({ length: count }, (_, n) => `(${n}, 'välue ${n}')`).join(', ');
    for (const [before, after] of [
      [100_000, 100_000],
      [0, 100_000],
      [100_000, 0],
    ] as const) {
      const script = `SELECT 1;\nINSERT INTO a VALUES ${values(before)} tetx ${values(after)}`;
      const [line = '', caret = ''] = show(script, positionOf(script, 'tetx')) ?? [];
      expect(line.length).toBeLessThan(500);
      expect(line.slice(caret.indexOf('^'))).toMatch(/^tetx/);
      expect(line).toMatch(before > 0 ? /^2 \| … \S/ : /^2 \| INSERT INTO a VALUES {2}tetx/);
      expect(line).toMatch(after > 0 ? /\S …$/ : /tetx $/);
    }
  });

  test('shows no part of a secret, where the cut goes through one', () => {
    const secret = Array.from({ length: 100 }, (_, n) => `piece${n}`);
    const secrets = new Secrets();
    secrets.add(secret.join('+'));
    const script = `SELECT tetx('${secret.join('+')}', '${'x'.repeat(1000)}')`;
    const shown = (place: string) => {
      const [location] = [locate(script, positionOf(script, place), 0)];
      return location === undefined ? [] : showLocation(location, (text) => secrets.redact(text));
    };
    for (const place of ['tetx', "'piece0", '0+piece1+', 'piece50', 'piece99', 'xxx']) {
      const [line = '', caret = ''] = shown(place);
      expect(secret.filter((piece) => line.includes(piece))).toEqual([]);
      expect(caret.length).toBeLessThanOrEqual(line.length + 1);
    }
    expect(shown('xxx')[0]).toMatch(/^1 \| SELECT tetx\('\[redacted\]', 'x+ …$/);
  });

  test.each(['\n', '\r\n', '\r'])('numbers lines that end in %j as editors do', (ending) => {
    const script = ['SELECT 1;', '', '-- a comment', 'SELEC 2;'].join(ending);
    expect(show(script, positionOf(script, 'SELEC 2'))).toEqual(['4 | SELEC 2;', '  | ^']);
  });

  test('shows the first statement that did not complete, where the server told no position', () => {
    const script = "SELECT 1;\n\n  -- why\n  SELECT ';';\nALTER TABLE a\n  ADD b int;\n";
    expect(show(script, undefined, 0)).toEqual(['1 | SELECT 1;', '  | ^']);
    expect(show(script, undefined, 1)).toEqual(["4 |   SELECT ';';", '  |   ^']);
    expect(show(script, undefined, 2)).toEqual(['5 | ALTER TABLE a', '  | ^']);
  });

  test('finds the end of the script, and nothing behind it', () => {
    expect(show('SELECT (', 9)).toEqual(['1 | SELECT (', '  |         ^']);
    expect(show('SELECT 1', 10)).toEqual(show('SELECT 1', undefined));
    expect(show('SELECT 1', undefined, 1)).toBeUndefined();
    expect(show('-- nothing', undefined, 0)).toBeUndefined();
  });

  test('keeps the caret in line under numbers of any length', () => {
    const script = `${'\n'.repeat(99)}x y`;
    expect(show(script, positionOf(script, 'y'))).toEqual(['100 | x y', '    |   ^']);
  });
});
