import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { onCleanup } from '../helpers/cleanup.ts';
import { startContainer } from './helpers/container.ts';
import './helpers/context.ts';
import { docker } from './helpers/docker.ts';
import { createName, runLabel } from './helpers/names.ts';
import { createNetwork } from './helpers/networks.ts';
import { startPostgres } from './helpers/postgres.ts';

test('the three lines of the docs make an image as Next.js documents it migrate, and then serve', async () => {
  const builder = await build(['build', '--target', 'builder', inject('clone')]);
  const lines = await readThreeLines();
  expect(lines).toHaveLength(3);
  const dockerfile = `
    FROM ${builder} AS builder
    RUN mkdir -p /app/node_modules/zarpe && cp dist/entrypoint.js /app/node_modules/zarpe/ \\
     && cp -r prisma public .next /app/
    FROM node:24-bookworm-slim
    WORKDIR /app
    COPY --from=builder /app/public ./public
    COPY --from=builder /app/.next/standalone ./
    COPY --from=builder /app/.next/static ./.next/static
    USER 1000
    ${lines.join('\n    ')}
  `;
  const image = await build(['build', '-'], dockerfile);
  const network = await createNetwork();
  const database = await (await startPostgres(network)).createDatabase();
  const app = await startContainer({
    image,
    network,
    env: { DATABASE_URL: database.url },
    healthcheck: false,
  });
  await app.waitForLog({ step: 'server', event: 'ready' });
  expect((await database.migrations()).length).toBeGreaterThanOrEqual(3);
  const health = [
    'node',
    '-e',
    "fetch('http://127.0.0.1:3000/api/health').then(async (r) => console.log(await r.text()))",
  ];
  expect(JSON.parse(await app.exec(health))).toMatchObject({ status: 'healthy' });
});

async function readThreeLines(): Promise<string[]> {
  const text = await readFile(join(inject('clone'), 'docs/containers.md'), 'utf8');
  const section = text.split('## Zarpe in your own Dockerfile: three lines')[1] ?? '';
  return (/```dockerfile\n([\s\S]*?)```/.exec(section)?.[1] ?? '').trim().split('\n');
}

async function build(args: string[], input = ''): Promise<string> {
  const tag = `${createName('three')}:test`;
  const [command = 'build', ...rest] = args;
  await docker([command, '--quiet', '--label', runLabel(), '--tag', tag, ...rest], { input });
  onCleanup(async () => {
    await docker(['rmi', '--force', tag]);
  });
  return tag;
}
