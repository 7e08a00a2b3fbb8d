/**
 * `buildPlaceholderApp('webpack', env) -> PlaceholderApp`: a small app that the installed Next.js builds, with placeholders in
 * everything that it writes them into; laid out as in a monorepo, as it lies below the packages of this repository.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { inject } from 'vitest';
import { ROOT } from '../../scripts/build/paths.mjs';
import { onCleanup } from './cleanup.ts';
import './run-context.ts';

const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const FILES = {
  'package.json': '{ "name": "placeholders", "private": true }',
  'next.config.mjs': `export default {
    output: 'standalone',
    basePath: process.env.NEXT_PUBLIC_BASE_PATH,
    outputFileTracingRoot: ${JSON.stringify(ROOT)},
    turbopack: { root: ${JSON.stringify(ROOT)} },
    experimental: { turbopackFileSystemCacheForBuild: false },
    redirects: async () => [
      { source: '/away', destination: process.env.NEXT_PUBLIC_BASE_URL + '/there', permanent: false },
    ],
  };`,
  'app/layout.js': `import './style.css';
    export const metadata = { title: process.env.NEXT_PUBLIC_TEXT, metadataBase: new URL(process.env.NEXT_PUBLIC_BASE_URL) };
    export default ({ children }) => <html lang="en"><body>{children}</body></html>;`,
  'app/style.css': `p::before { content: '__NEXT_PUBLIC_TEXT__'; }`,
  'app/page.js': `import { Client } from './client.js';
    const items = Array.from({ length: 40 }, (_, index) => index + ': ' + process.env.NEXT_PUBLIC_TEXT);
    export default () => (
      <main>
        <p id="page">{process.env.NEXT_PUBLIC_TEXT}</p>
        <a href={process.env.NEXT_PUBLIC_BASE_URL + '/docs'}>docs</a>
        <Client text={process.env.NEXT_PUBLIC_TEXT} items={items} />
      </main>
    );`,
  'app/client.js': `'use client';
    export const Client = ({ text, items }) => (
      <section>
        <p id="client">{'in the script: ' + process.env.NEXT_PUBLIC_TEXT}</p>
        <p id="given">{text}</p>
        <ul>{items.map((item) => <li key={item}>{item}</li>)}</ul>
      </section>
    );`,
  'app/now/page.js': `export const dynamic = 'force-dynamic';
    export default () => <p id="now">{process.env.NEXT_PUBLIC_TEXT}</p>;`,
  'app/stored.json/route.js': `export const dynamic = 'force-static';
    export const GET = () => Response.json({ text: process.env.NEXT_PUBLIC_TEXT });`,
  'app/renewed/page.js': `export const revalidate = 1;
    export default () => (
      <main>
        <p id="renewed">{process.env.NEXT_PUBLIC_TEXT}</p>
        <p id="made">{Date.now()}</p>
      </main>
    );`,
  'app/kept/[id]/page.js': `export const revalidate = 3600;
    export const generateStaticParams = () => [{ id: 'built' }];
    export default async ({ params }) => (
      <main>
        <p id="kept">{process.env.NEXT_PUBLIC_TEXT}</p>
        <p id="name">{(await params).id}</p>
        <p id="made">{Date.now()}</p>
      </main>
    );`,
  'app/revalidate/route.js': `import { revalidatePath } from 'next/cache';
    export const dynamic = 'force-dynamic';
    export const GET = () => Response.json(revalidatePath('/kept/built') ?? null);`,
  'app/picture/page.js': `import Image from 'next/image';
    import pixel from './pixel.png';
    export default () => <Image id="picture" src={pixel} alt="" />;`,
  'app/picture/pixel.png': Buffer.from(PIXEL, 'base64'),
  'public/plain.json': '{ "text": "__NEXT_PUBLIC_TEXT__" }',
};

export interface PlaceholderApp {
  /** What an image would have as /app: packages, and the app deeper in it. */
  readonly dir: string;
  /** The server, relative to it. */
  readonly server: string;
}

export async function buildPlaceholderApp(
  bundler: 'turbopack' | 'webpack',
  env: Record<string, string>,
): Promise<PlaceholderApp> {
  await mkdir(join(ROOT, 'dist'), { recursive: true });
  const source = await mkdtemp(join(ROOT, 'dist/placeholders-'));
  onCleanup(() => rm(source, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(FILES)) {
    await mkdir(dirname(join(source, name)), { recursive: true });
    await writeFile(join(source, name), text);
  }
  const next = createRequire(import.meta.url).resolve('next/dist/bin/next');
  const variables = {
    ...process.env,
    ...env,
    NODE_ENV: 'production' as const,
    NEXT_TELEMETRY_DISABLED: '1',
    NEXT_IGNORE_INCORRECT_LOCKFILE: '1',
  };
  await promisify(execFile)(process.execPath, [next, 'build', `--${bundler}`], {
    cwd: source,
    env: variables,
  });
  const dir = join(source, '.next/standalone');
  const app = join(dir, relative(ROOT, source));
  await cp(join(source, '.next/static'), join(app, '.next/static'), { recursive: true });
  await cp(join(source, 'public'), join(app, 'public'), { recursive: true });
  await cp(inject('bundle'), join(dir, 'entrypoint.js'));
  return { dir, server: relative(dir, join(app, 'server.js')) };
}
