import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { tokenizeJavaScript } from '../../../../entrypoint/steps/runtime-values/find/tokenize-javascript.ts';

const require = createRequire(import.meta.url);
const NEXT = dirname(require.resolve('next/package.json'));

interface AcornToken {
  type: { label: string };
  start: number;
  end: number;
}
/** The parser of Next.js's own, which knows the grammar and not our rules of thumb. */
const acorn: {
  tokenizer(source: string, options: object): Iterable<AcornToken>;
  parse(source: string, options: object): unknown;
} = require('next/dist/compiled/acorn');

function byAcorn(source: string): string[] {
  const tokens: AcornToken[] = [];
  const options = {
    ecmaVersion: 'latest',
    allowHashBang: true,
    allowReturnOutsideFunction: true,
    onToken: tokens,
  };
  try {
    acorn.parse(source, { ...options, sourceType: 'script' });
  } catch {
    tokens.length = 0;
    acorn.parse(source, { ...options, sourceType: 'module' });
  }
  return tokens.flatMap(({ type: { label }, start, end }) => {
    if (label === 'string') return [`string ${start + 1} ${end - 1}`];
    if (label === 'template') return [`template ${start} ${end}`];
    if (label === 'regexp') return [`regex ${start + 1} ${source.lastIndexOf('/', end - 1)}`];
    return [];
  });
}

function byOurs(source: string): string[] | undefined {
  return tokenizeJavaScript(source)
    ?.filter(({ kind }) => kind !== 'comment')
    .map(({ kind, start, end }) => `${kind === 'tagged' ? 'template' : kind} ${start} ${end}`);
}

test.each([
  ['a/b/c', 'a = b / c / d; x = "/"'],
  ['a regular expression behind a condition', 'if (a) /"/.test(b); while (c) /[/"]/g.exec(d)'],
  ['division behind a group', 'x = (a) / "b" / c'],
  ['templates in templates', 'x = `a $' + '{b + `c $' + '{"d"} e` + {f: "}"}.f} g` + "h"'],
  ['a property named as a keyword', 'x = a.return / b / "c"; y = { typeof: /"/ }'],
  ['an increment', 'a++ / "b" / c; b = ++a'],
  ['comments', '#! "node"\n// "a\n/* `b */ "c" // \'d'],
  ['an object, divided', 'x = {a: 1} / "2" / 3; y = [1] / "2" / 3'],
  ['a block, and an expression behind it', 'function f() {} /"/.test("a"); { } /`/g.exec("b")'],
  ['an arrow', 'x = () => /"/.test("a"); y = a => ({ b: "c" })'],
  ['escapes', String.raw`x = "a\"b" + 'c\'d' + ${'`e\\`f\\${g`'} + /[\]/"]\/"/`],
  ['numbers', 'x = 1 / 2 / "3" + .5 / 1e3 / "4" + 0x1f / 2n / "5"'],
  ['private members', 'class A { #b = "c"; d() { return this.#b / 2 / "e" } }'],
])('reads the strings of a script as its grammar says: %s', (_, source) => {
  expect(byOurs(source)).toEqual(byAcorn(source));
});

test('reads the minified scripts of Next.js as a parser does', () => {
  const files = readdirSync(join(NEXT, 'dist/compiled'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.js'))
    .map(({ parentPath, name }) => join(parentPath, name));
  const sources = files.map((file) => readFileSync(file, 'utf8')).filter(({ length }) => length < 30_000);
  expect(sources.length).toBeGreaterThan(100);
  let count = 0;
  for (const source of sources) {
    let expected: string[];
    try {
      expected = byAcorn(source);
    } catch {
      continue;
    }
    count += 1;
    const ours = byOurs(source);
    if (ours?.join() !== expected.join()) {
      const at = expected.findIndex((token, index) => token !== ours?.[index]);
      const start = Number(expected[at]?.split(' ')[1]);
      expect([ours?.[at], source.slice(start - 60, start + 60)]).toEqual([
        expected[at],
        files[sources.indexOf(source)],
      ]);
    }
  }
  expect(count).toBeGreaterThan(100);
}, 120_000);

test.each(['x = "a', 'x = `a ${b', 'f(', 'a }'])(
  'answers nothing for a script that is not whole: %s',
  (source) => {
    expect(tokenizeJavaScript(source)).toBeUndefined();
  },
);
