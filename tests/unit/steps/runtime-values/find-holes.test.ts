import { createRequire } from 'node:module';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import {
  findHoles,
  type Language,
  languageOf,
} from '../../../../entrypoint/steps/runtime-values/find-holes.ts';
import { fill } from '../../../../entrypoint/steps/runtime-values/holes.ts';
import { createSearch } from '../../../../entrypoint/steps/runtime-values/search.ts';

const require = createRequire(import.meta.url);
const { parse } = require('next/dist/compiled/node-html-parser');
const X = '__NEXT_PUBLIC_X__';
const URL_TEXT = 'https://next-public-url.zarpe.invalid';
const SEARCH = createSearch(
  [
    { name: 'NEXT_PUBLIC_X', text: X },
    { name: 'NEXT_PUBLIC_URL', text: URL_TEXT },
  ],
  [],
);

/** What breaks out of a string, a template, a script, an attribute, a pattern of `replace`, a line. */
const NASTY = [
  `"double" 'single' \`back\` \\ \\\\ \\n`,
  '</script><script>alert(1)</script><!-- <![CDATA[ ]]> -->',
  `$& $1 $\` $\{process.exit(1)} $$`,
  'line\nbreak\r\ttab \u2028 \u2029',
  'ñandú 日本 🚢 e\u0301',
  '&amp; &lt;b&gt; &#39; ?a=1&b=2',
  '*/ // /* url(x) ; } {',
  '$L1',
];

function fillWith(text: string, language: Language, value: string): string {
  return fill(text, findHoles(text, language, SEARCH), () => value);
}

function evaluate(script: string): unknown {
  const module: { exports: unknown } = { exports: undefined };
  runInNewContext(script, { module, JSON, RegExp });
  return module.exports;
}

/** The rows of a payload, read byte by byte as React does. */
function flight(payload: string): Record<string, unknown> {
  let rest = Buffer.from(payload);
  const rows: Record<string, unknown> = {};
  while (rest.length > 0) {
    const [head = '', id = '', length] = /^([0-9a-f]+):(?:T([0-9a-f]+),)?/.exec(rest.toString()) ?? [];
    rest = rest.subarray(head.length);
    const end = length === undefined ? rest.indexOf('\n') : Number.parseInt(length, 16);
    const text = rest.subarray(0, end).toString();
    rows[id] = length === undefined ? JSON.parse(text) : text;
    rest = rest.subarray(length === undefined ? end + 1 : end);
  }
  return rows;
}

describe.each(NASTY)('a value that must be escaped, %j,', (value) => {
  test.each([
    ['double quotes', `module.exports = "a ${X} b"`],
    ['single quotes', `module.exports = 'a ${X} b'`],
    ['a template', `module.exports = \`a ${X} b\``],
    ['a template with code', `module.exports = \`a ${X} \${"b"}\``],
    ['JSON within a string', `module.exports = JSON.parse('{"a":"a ${X} b"}').a`],
    [
      'JSON within JSON within a string',
      `module.exports = JSON.parse(JSON.parse('{"a":"{\\\\"b\\\\":\\\\"a ${X} b\\\\"}"}').a).b`,
    ],
    ['a comment beside a string', `/* ${X} */ module.exports = "a ${X} b" // ${X}`],
  ])('arrives unchanged in a script, in %s', (_, script) => {
    expect(evaluate(fillWith(script, 'javascript', value))).toBe(`a ${value} b`);
  });

  test.each(['regex', 'namedRegex', 'regexp'])(
    'is matched by a regular expression that was made of it (%s)',
    (key) => {
      const script = fillWith(
        `module.exports = [/^${X}$/, new RegExp(JSON.parse('{"${key}":"^${X}$"}').${key})]`,
        'javascript',
        value,
      );
      const [literal, made] = Object.values(Object(evaluate(script)));
      expect(value.match(Object(literal))?.[0]).toBe(value);
      expect(value.match(Object(made))?.[0]).toBe(value);
    },
  );

  test('arrives unchanged in JSON, as a key too', () => {
    const text = `{"a": ["a ${X} b"], "${X}": "{\\"c\\":\\"${X}\\"}"}`;
    const json = JSON.parse(fillWith(text, 'json', value));
    expect(json.a).toEqual([`a ${value} b`]);
    expect(JSON.parse(json[value])).toEqual({ c: value });
  });

  test('arrives unchanged in HTML: text, attributes, JSON and scripts', () => {
    const html = fillWith(
      `<!doctype html><title>${X}</title><a title="a ${X}" data-b='${X}' data-c="{&quot;d&quot;:&quot;${X}&quot;}">a ${X}</a><script type="application/json">{"a":"${X}"}</script><script>module.exports = "a ${X}"</script>`,
      'markup',
      value,
    );
    const root = parse(html);
    expect(decode(root.querySelector('title').rawText)).toBe(value);
    const link = root.querySelector('a');
    expect(decode(link.rawText)).toBe(`a ${value}`);
    expect(decode(link.rawAttributes.title)).toBe(`a ${value}`);
    expect(decode(link.rawAttributes['data-b'])).toBe(value);
    expect(JSON.parse(decode(link.rawAttributes['data-c']))).toEqual({ d: value });
    const [json, script, ...others] = [...html.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map(
      ([, text = '']) => text,
    );
    expect(others).toEqual([]);
    expect(JSON.parse(String(json))).toEqual({ a: value });
    expect(evaluate(String(script))).toBe(`a ${value}`);
  });

  test('arrives unchanged in an attribute without quotes', () => {
    const link = parse(fillWith(`<a href=${X} title=b data-c=${X}>x</a>`, 'markup', value)).querySelector(
      'a',
    );
    const decoded = Object.entries(link.rawAttributes).map(([name, text]) => [name, decode(String(text))]);
    expect(Object.fromEntries(decoded)).toEqual({ href: value, title: 'b', 'data-c': value });
  });

  test('arrives unchanged in the payload of React’s server components, whose lengths are those of the new text', () => {
    expect(flight(fillWith(payloadWith(X), 'flight', value))).toEqual(expectedOf(value));
  });

  test.each([1, 7, 40, 1000])(
    'arrives unchanged in a page that carries the payload in pieces of %i',
    async (size) => {
      const pieces = payloadWith(X).match(new RegExp(`[\\s\\S]{1,${size}}`, 'g')) ?? [];
      const push = (text: string) =>
        `<script>self.__next_f.push([1,${JSON.stringify(text).replaceAll('<', '\\u003c')}])</script>`;
      const html = `<p>${X}</p><script>(self.__next_f=self.__next_f||[]).push([0])</script>${pieces.map(push).join('')}<p>${X}</p>`;
      const filled = fillWith(html, 'markup', value);
      const received: unknown[][] = [];
      const self = { __next_f: { push: (row: unknown[]) => received.push(row) } };
      for (const [, script = ''] of filled.matchAll(/<script>([\s\S]*?)<\/script>/g))
        runInNewContext(script, { self });
      const payload = received.filter(([kind]) => kind === 1).map(([, text]) => String(text));
      expect(payload).toHaveLength(pieces.length);
      expect(flight(payload.join(''))).toEqual(expectedOf(value));
    },
  );

  test('is refused where it would be code', () => {
    for (const [text, language] of [
      [`module.exports = "<a href='${X}'>"`, 'javascript'],
      [`tag\`${X}\``, 'javascript'],
      [`<a onclick="go('${X}')">`, 'markup'],
      [`{"__html":"${X}"}`, 'json'],
    ] as const) {
      if (/["'<&;$\n]/.test(value))
        expect(() => fillWith(text, language, value === '$L1' ? '$L1"' : value), text).toThrow(/code/);
    }
    expect(() => fillWith(`a { width: ${X} }`, 'css', `${value};`)).toThrow(/quotes/);
  });
});

test.each<[string, Language, string, string]>([
  ['a string of React’s server components before `$`', 'flight', `0:["${X}$9.99"]\n`, '0:["\\u0024$9.99"]\n'],
  ['an attribute without quotes', 'markup', `<a href=${X} title=b>`, '<a href="" title=b>'],
  ['a part of an attribute without quotes', 'markup', `<a href=/a${X} title=b>`, '<a href=/a title=b>'],
  ['a regular expression', 'javascript', `a=/${X}/g`, 'a=/(?:)/g'],
  ['an address of a style sheet', 'css', `a{b:url(${X});c:d}`, 'a{b:url();c:d}'],
  ['a value of a style sheet', 'css', `a{b:${X};c:d}`, 'a{b:;c:d}'],
])('an empty value changes nothing around it in %s', (_, language, text, filled) => {
  expect(fillWith(text, language, '')).toBe(filled);
});

test.each([
  ['', '', '$$9'],
  ['', '$b', '$$b$9'],
  ['$a', '$b', '$$a$b$9'],
  ['a', '$b', 'a$b$9'],
  ['a', '', 'a$9'],
])('a string of React’s server components is a text whatever begins it: %j and %j', (a, b, written) => {
  const search = createSearch([], ['PUBLIC_']);
  const payload = '0:{"k":"__PUBLIC_A____PUBLIC_B__$9"}\n';
  const filled = fill(payload, findHoles(payload, 'flight', search), (name) => (name === 'PUBLIC_A' ? a : b));
  expect(JSON.parse(filled.slice(2)).k).toBe(written);
});

test('a name of React’s server components is written as it is', () => {
  expect(flight(fillWith(`0:{"${X}":1}\n`, 'flight', '$a'))).toEqual({ 0: { $a: 1 } });
});

test.each([
  ['of a stored answer', '.next/server/app/a.meta', `{"status":200,"headers":{"link":"<${X}/a>"}}`],
  [
    'of a route',
    '.next/routes-manifest.json',
    `{"headers":[{"source":"/a","headers":[{"key":"x-a","value":"${X}"}],"regex":"^/a$"}]}`,
  ],
])('a value that no header can hold is refused in one %s', (_, path, text) => {
  const language = languageOf(path) ?? 'text';
  for (const value of ['✓', 'a\nb', '日本'])
    expect(() => fillWith(text, language, value)).toThrow(/header|code/);
  for (const value of ['https://a.example/?b=c', 'é', ''])
    expect(fillWith(text, language, value)).toBe(fillWith(text, 'json', value));
  const elsewhere = `{"headers":[{"source":"/${X}","headers":[]}],"rewrites":[{"destination":"${X}"}]}`;
  expect(JSON.parse(fillWith(elsewhere, language, '✓')).rewrites[0].destination).toBe('✓');
});

describe('a placeholder that may be of a longer name', () => {
  const LONG = 'a = "__PUBLIC_API__V2__"';
  test.each([
    ['with a prefix', createSearch([], ['PUBLIC_'])],
    ['declared', createSearch([{ name: 'PUBLIC_API', text: '__PUBLIC_API__' }], [])],
  ])('is refused: %s', (_, search) => {
    expect(() => findHoles(LONG, 'javascript', search)).toThrow('`__PUBLIC_API__V2__`');
  });

  test('is the one that is declared', () => {
    const search = createSearch([{ name: 'PUBLIC_API__V2', text: '__PUBLIC_API__V2__' }], ['PUBLIC_']);
    expect(fill(LONG, findHoles(LONG, 'javascript', search), (name) => name)).toBe('a = "PUBLIC_API__V2"');
  });

  test('is none where the text between two of them is meant', () => {
    const search = createSearch([], ['PUBLIC_']);
    const text = 'a = "__PUBLIC_W__X__PUBLIC_H____PUBLIC_D___x"';
    expect(fill(text, findHoles(text, 'javascript', search), (name) => name.slice(-1))).toBe('a = "WXHD_x"');
  });
});

const payloadWith = (text: string) => {
  const long = `Ünïcode ${text} and ${text}`;
  return `0:{"a":"${text}","b":"$2","c":["$","p",null,{"children":"x ${text}"}],"d":"$3"}\n2:T${Buffer.byteLength(long).toString(16)},${long}3:"after"\n`;
};
/** A string that begins with `$` is a reference; another `$` before it makes it a text. */
const inModel = (value: string) => (value.startsWith('$') ? `$${value}` : value);
const expectedOf = (value: string) => ({
  0: { a: inModel(value), b: '$2', c: ['$', 'p', null, { children: `x ${value}` }], d: '$3' },
  2: `Ünïcode ${value} and ${value}`,
  3: 'after',
});

function decode(text: string): string {
  const named: Record<string, string> = { quot: '"' };
  return text.replace(/&(?:#(\d+)|(quot));/g, (_, code, name) =>
    name === undefined ? String.fromCodePoint(Number(code)) : (named[name] ?? ''),
  );
}

test('a URL is put in place of a placeholder that is one, also as a component of another URL', () => {
  const html = `<img src="/_next/image?url=${encodeURIComponent(`${URL_TEXT}/a.png`)}&amp;w=64"><a href="${URL_TEXT}/b">`;
  expect(fillWith(html, 'markup', 'http://10.0.0.1:3000/base')).toBe(
    '<img src="/_next/image?url=http%3A%2F%2F10.0.0.1%3A3000%2Fbase%2Fa.png&amp;w=64"><a href="http://10.0.0.1:3000/base/b">',
  );
  expect(
    fillWith(String.raw`a = "https:\/\/next-public-url.zarpe.invalid\/b"`, 'javascript', 'http://b'),
  ).toBe(String.raw`a = "http://b\/b"`);
});

const PLAIN = 'a'.repeat(9_000_000);
const ESCAPED = '\\"'.repeat(1_000_000);

test.each<[string, Language, (long: string) => string]>([
  ['a string of JSON', 'json', (long) => `{"a":"${long}","b":"${X}"}`],
  ['a string of a script', 'javascript', (long) => `a="${long}";b="${X}"`],
  ['a string in other quotes', 'javascript', (long) => `a='${long}';b="${X}"`],
  ['a template', 'javascript', (long) => `a=\`${long}\`;b="${X}"`],
  ['a regular expression', 'javascript', (long) => `a=/${long}/;b="${X}"`],
  ['a set of a regular expression', 'javascript', (long) => `a=/[${long}]/;b="${X}"`],
  ['a line that looks like a regular expression', 'javascript', (long) => `if(a){}/${long};b="${X}"`],
  ['a string of a style sheet', 'css', (long) => `a{b:"${long}";c:url(${X})}`],
  ['a row of a payload', 'flight', (long) => `0:{"a":"${long}","b":"${X}"}\n`],
  [
    'a page with a payload',
    'markup',
    (long) => `<script>self.__next_f.push([1,"0:\\"${long}${X}\\"\\n"])</script>`,
  ],
  ['a tag', 'markup', (long) => `<a ${long.replaceAll('"', '')} title="${X}">`],
])('%s may be of megabytes', (_, language, write) => {
  for (const long of [PLAIN, ESCAPED]) {
    const text = write(long);
    const filled = fillWith(text, language, 'v');
    expect(filled.length).toBe(text.length - X.length + 1);
    expect(filled).not.toContain(X);
  }
});

test('strings and addresses of a style sheet hold any value', () => {
  expect(fillWith(`a{background:url(${X});content:"${X}"}`, 'css', 'a b"c\\)')).toBe(
    'a{background:url(a\\20 b\\22 c\\5c \\29 );content:"a\\20 b\\22 c\\5c \\29 "}',
  );
});

test.each<[string, string, Language]>([
  ['a host without its URL', 'a = "next-public-url.zarpe.invalid"', 'javascript'],
  [
    'a regular expression made of a URL',
    String.raw`a = /https:\/\/next-public-url\.zarpe\.invalid/`,
    'javascript',
  ],
  ['another case', 'a = "__next_public_x__"', 'javascript'],
  ['a variable that nobody declared', 'a = "__NEXT_PUBLIC_OTHER__"', 'javascript'],
  ['code', `a = ${X} + 1`, 'javascript'],
  ['a template that an empty value would make code', `a = \`$${X}{b}\``, 'javascript'],
  ['an attribute made of two without quotes', `<a href=${X}${X}>`, 'markup'],
  ['the name of an attribute', `<a ${X}>`, 'markup'],
  ['the state of a partially prerendered page', `{"postponed":"12:${X}"}`, 'json'],
  ['a payload that is none', `0:T999,${X}`, 'flight'],
])('what was made of a placeholder and cannot follow its value is refused: %s', (_, text, language) => {
  expect(() => findHoles(text, language, SEARCH)).toThrow();
});

test('names with a prefix need no list', () => {
  const search = createSearch([], ['PUBLIC_']);
  const text = 'a = "__PUBLIC_A____PUBLIC_B_2__"';
  expect(fill(text, findHoles(text, 'javascript', search), (name) => name.toLowerCase())).toBe(
    'a = "public_apublic_b_2"',
  );
});

test('the language of a file is that of its name, or of the answer that it holds', () => {
  expect(languageOf('a/b.mjs')).toBe('javascript');
  expect(languageOf('a.meta')).toBe('headers');
  expect(languageOf('robots.txt.body', 'text/plain; charset=utf-8')).toBe('text');
  expect(languageOf('a.body', 'application/json')).toBe('json');
  expect(languageOf('sitemap.xml.body', 'application/xml')).toBe('markup');
  expect(languageOf('a.body', 'image/svg+xml')).toBe('markup');
  expect(languageOf('a.png')).toBeUndefined();
});
