import { expect, inject, test } from 'vitest';
import './helpers/context.ts';
import { docker } from './helpers/docker.ts';
import { listFiles } from './helpers/files.ts';

const MB = 1e6;

/** What `exec node server.js` would do without; the seed is the app's own, whoever runs it. */
const OURS = /^\/app\/(entrypoint\.js|prisma(\/.*)?)$/;

test.each([
  ['image', 'node:24-bookworm-slim'],
  ['distroless', 'gcr.io/distroless/nodejs24-debian12:nonroot'],
] as const)(
  'the %s is its base, the app with its compiled code, and less than 4 MB of ours',
  async (name, base) => {
    const files = await listFiles(inject(name), { below: '/app' });
    const sum = (wanted: (path: string) => boolean) =>
      files.filter(({ path }) => wanted(path)).reduce((total, { size }) => total + size, 0);
    const ours = sum((path) => OURS.test(path));
    const parts: [part: string, bytes: number][] = [
      [`base, ${base}`, await imageSize(base)],
      ['app: node_modules', sum((path) => path.startsWith('/app/node_modules/'))],
      [
        'app: .next, public, server.js',
        sum((path) => !/^\/app\/((node_modules|\.compile-cache)\/|seed\.js$)/.test(path) && !OURS.test(path)),
      ],
      ['app: seed.js', sum((path) => path === '/app/seed.js')],
      ['compiled code, of the server above all', sum((path) => path.startsWith('/app/.compile-cache/'))],
      ['ours: entrypoint.js', sum((path) => path === '/app/entrypoint.js')],
      ['ours: prisma/', sum((path) => path.startsWith('/app/prisma/'))],
      ['image', await imageSize(inject(name))],
    ];
    console.log(
      parts.map(([part, bytes]) => `${part.padEnd(52)} ${(bytes / MB).toFixed(2).padStart(8)} MB`).join('\n'),
    );
    expect(ours).toBeGreaterThan(1 * MB);
    expect(ours).toBeLessThan(4 * MB);
  },
);

async function imageSize(image: string): Promise<number> {
  return Number(await docker(['inspect', '--format', '{{.Size}}', image]));
}
