/** A build of the installed Next.js, made with placeholders, and served with values. */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type BundleProcess, runBundle, startBundle } from '../helpers/bundle.ts';
import { buildPlaceholderApp, type PlaceholderApp } from '../helpers/placeholder-app.ts';
import { createFolder } from '../helpers/workspace.ts';

const BUILD_TIMEOUT = 300_000;
const BASE_URL = 'https://base-url.invalid';
const BASE_PATH = '/__BASE_PATH__';
/** Next.js answers with the page from before while it makes the next one. */
const POLL = { timeout: 60_000, interval: 200 };
const HOSTILE = `"</script>\\'$& \`\${x}\`\n<b>&amp;%s😀é`;

let app: PlaceholderApp;
let writeTo: string;

async function build(bundler: 'turbopack' | 'webpack') {
  app = await buildPlaceholderApp(bundler, {
    NEXT_PUBLIC_TEXT: '__NEXT_PUBLIC_TEXT__',
    NEXT_PUBLIC_BASE_URL: BASE_URL,
    NEXT_PUBLIC_BASE_PATH: BASE_PATH,
  });
  writeTo = await createFolder('values');
  const runtimeValues = {
    writeTo,
    placeholders: [
      'NEXT_PUBLIC_TEXT',
      { name: 'NEXT_PUBLIC_BASE_URL', text: BASE_URL },
      { name: 'NEXT_PUBLIC_BASE_PATH', text: BASE_PATH },
    ],
    browserEnv: { names: ['NEXT_PUBLIC_*'] },
  };
  const config = { database: 'off', server: app.server, runtimeValues };
  await writeFile(join(app.dir, 'zarpe.config.json'), JSON.stringify(config));
  const { code, stdout } = await runBundle({ dir: app.dir, args: ['find-placeholders'] });
  expect(code, stdout).toBe(0);
}

async function serve(text: string, run: (origin: string) => Promise<void>) {
  const env = {
    NEXT_PUBLIC_TEXT: text,
    NEXT_PUBLIC_BASE_URL: 'https://app.example',
    NEXT_PUBLIC_BASE_PATH: '/shop',
  };
  const boot: BundleProcess = await startBundle({ dir: app.dir, env });
  await boot.waitForLog({ event: 'ready' });
  await run(`http://127.0.0.1:${boot.port}`);
  boot.kill('SIGTERM');
  await boot.exit;
}

const load = async (url: string, init?: RequestInit) => (await fetch(url, init)).text();
const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', amp: '&' };
const decode = (html: string) =>
  html.replace(/&(?:#(x?)([0-9a-f]+)|(\w+));/gi, (_, hex, code, name) =>
    name === undefined ? String.fromCodePoint(Number.parseInt(code, hex ? 16 : 10)) : (NAMED[name] ?? ''),
  );
const textOf = (html: string, id: string) =>
  decode(new RegExp(`<p id="${id}">([\\s\\S]*?)</p>`).exec(html)?.[1] ?? '');

/** The payload that the scripts of a page hand to React. */
function payloadOf(html: string): string {
  const scripts = [
    ...html.matchAll(/<script[^>]*>(self\.__next_f[\s\S]*?|\(self\.__next_f[\s\S]*?)<\/script>/g),
  ];
  const self: { __next_f?: [number, string?][] } = {};
  for (const [, script = ''] of scripts) new Function('self', script)(self);
  return (self.__next_f ?? []).map(([, text = '']) => text).join('');
}

/** Each string of the model, and each text with a length. */
function stringsOf(payload: string): string[] {
  const strings: string[] = [];
  const bytes = Buffer.from(payload);
  for (let at = 0; at < bytes.length; ) {
    const head = /^[0-9a-f]*:(?:T([0-9a-f]+),)?/.exec(bytes.subarray(at, at + 40).toString('latin1'));
    const start = at + (head?.[0].length ?? 0);
    if (head?.[1] !== undefined) {
      at = start + Number.parseInt(head[1], 16);
      strings.push(bytes.subarray(start, at).toString());
      continue;
    }
    const end = bytes.indexOf('\n', start);
    at = end === -1 ? bytes.length : end + 1;
    const row = bytes.subarray(start, at).toString();
    const json = row.slice(Math.max(0, row.search(/[[{"]/)));
    collect(JSON.parse(json), strings);
  }
  return strings;
}

function collect(value: unknown, strings: string[]): void {
  if (typeof value === 'string') strings.push(value);
  else if (value !== null && typeof value === 'object')
    for (const part of Object.values(value)) collect(part, strings);
}

describe.each(['turbopack', 'webpack'] as const)(
  'a build by %s with placeholders shows the value',
  (bundler) => {
    beforeAll(() => build(bundler), BUILD_TIMEOUT);

    test.each([
      ['plain', 'Shop of Seville'],
      ['hostile', HOSTILE],
      ['empty-looking', '$undefined'],
    ])('%s, exactly, wherever it stands', async (_, value) => {
      await serve(value, async (origin) => {
        const page = await load(`${origin}/shop`);
        expect(page).not.toMatch(/__NEXT_PUBLIC_|base-url\.invalid|__BASE_PATH__/);
        expect(textOf(page, 'page')).toBe(value);
        expect(textOf(page, 'given')).toBe(value);
        expect(textOf(page, 'client')).toBe(`in the script: ${value}`);
        expect(page).toContain('href="https://app.example/docs"');
        const given = stringsOf(payloadOf(page));
        expect(given.filter((text) => text.endsWith(`: ${value}`)).length).toBeGreaterThanOrEqual(40);

        const payload = await load(`${origin}/shop`, { headers: { RSC: '1' } });
        expect(
          stringsOf(payload).filter((text) => text.endsWith(`: ${value}`)).length,
        ).toBeGreaterThanOrEqual(40);

        expect(textOf(await load(`${origin}/shop/now`), 'now')).toBe(value);
        expect(JSON.parse(await load(`${origin}/shop/stored.json`))).toEqual({ text: value });
        expect(JSON.parse(await load(`${origin}/shop/plain.json`))).toEqual({ text: value });

        const away = await fetch(`${origin}/shop/away`, { redirect: 'manual' });
        expect(away.headers.get('location')).toBe('https://app.example/there');

        const scripts = [...page.matchAll(/<script[^>]*src="([^"]+)"/g)].map(([, path = '']) => path);
        const sources = await Promise.all(scripts.map((path) => load(`${origin}${path}`)));
        const literal = /(["'`])in the script: (?:\\[\s\S]|(?!\1)[\s\S])*\1/.exec(sources.join('\n'))?.[0];
        expect(new Function(`return ${literal}`)()).toBe(`in the script: ${value}`);

        const [, style = ''] = /<link[^>]*href="([^"]+\.css)"/.exec(page) ?? [];
        const css = await load(`${origin}${style}`);
        expect(css).not.toContain('__NEXT_PUBLIC_');
        const [, content = ''] = /content:\s*"((?:\\[\s\S]|[^"\\])*)"/.exec(css) ?? [];
        const shown = content.replace(/\\([0-9a-f]{1,6}) ?/gi, (_, code) =>
          String.fromCodePoint(Number.parseInt(code, 16)),
        );
        expect(shown).toBe(value);

        const window: { __ENV?: object } = {};
        new Function('window', await load(`${origin}/shop/__ENV.js`))(window);
        expect(window.__ENV).toEqual({
          NEXT_PUBLIC_TEXT: value,
          NEXT_PUBLIC_BASE_URL: 'https://app.example',
          NEXT_PUBLIC_BASE_PATH: '/shop',
        });
      });
    });

    test('in pages that are made anew while it runs; the next start serves them, and the image stays as it is', async () => {
      const page = (origin: string, path: string) => load(`${origin}/shop/${path}`);
      const madeAt = (html: string) => Number(textOf(html, 'made'));
      const made = new Map<string, number>();
      await serve(HOSTILE, async (origin) => {
        const built = await page(origin, 'kept/built');
        await page(origin, 'revalidate');
        for (const path of ['kept/built', 'kept/asked-for']) {
          const html = await page(origin, path);
          expect(textOf(html, 'kept')).toBe(HOSTILE);
          made.set(path, madeAt(html));
        }
        expect(made.get('kept/built')).toBeGreaterThan(madeAt(built));

        const first = await page(origin, 'renewed');
        await expect
          .poll(async () => madeAt(await page(origin, 'renewed')), POLL)
          .toBeGreaterThan(madeAt(first));
        const renewed = await page(origin, 'renewed');
        expect(textOf(renewed, 'renewed')).toBe(HOSTILE);
        made.set('renewed', madeAt(renewed));
      });
      await serve(HOSTILE, async (origin) => {
        for (const path of ['kept/built', 'kept/asked-for'])
          expect(madeAt(await page(origin, path))).toBe(made.get(path));
        expect(madeAt(await page(origin, 'renewed'))).toBeGreaterThanOrEqual(made.get('renewed') ?? Infinity);
      });
      await serve('another', async (origin) => {
        for (const path of ['kept/built', 'kept/asked-for'])
          expect(textOf(await page(origin, path), 'kept')).toBe('another');
        expect(textOf(await page(origin, 'renewed'), 'renewed')).toBe('another');
      });
      const ofImage = join(app.dir, dirname(app.server), '.next/server/app');
      for (const path of ['kept/built.html', 'renewed.html'])
        expect(await readFile(join(ofImage, path), 'utf8')).toContain('__NEXT_PUBLIC_TEXT__');
    });

    test('in the addresses of pictures, which are optimised once', async () => {
      await serve('plain', async (origin) => {
        const [, src = ''] = /<img[^>]*\ssrc="([^"]+)"/.exec(await load(`${origin}/shop/picture`)) ?? [];
        expect(decode(src)).toMatch(/^\/shop\/_next\/image\?url=%2Fshop%2F/);
        const ask = async () => {
          const answer = await fetch(`${origin}${decode(src)}`);
          await answer.arrayBuffer();
          return [answer.status, answer.headers.get('x-nextjs-cache')];
        };
        expect(await ask()).toEqual([200, 'MISS']);
        expect(await ask()).toEqual([200, 'HIT']);
      });
    });
  },
);
