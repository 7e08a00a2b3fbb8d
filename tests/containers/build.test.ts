import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import './helpers/context.ts';
import { onCleanup } from '../helpers/cleanup.ts';
import { docker, tryDocker } from './helpers/docker.ts';
import { createName, runLabel } from './helpers/names.ts';

const clone = inject('clone');

test('a build after a change in app/ installs nothing and builds anew', async () => {
  const page = join(clone, 'app/page.tsx');
  const source = await readFile(page, 'utf8');
  onCleanup(() => writeFile(page, source));
  // Unique, because the engine still has the layers of earlier runs.
  await writeFile(page, `${source}\n// ${randomUUID()}\n`);
  const tag = createName('rebuilt');
  onCleanup(async () => {
    await docker(['rmi', '--force', tag]);
  });
  const { code, stderr } = await tryDocker([
    ...['build', '--progress', 'plain', '--label', runLabel(), '--tag', tag, clone],
  ]);
  expect(code, stderr).toBe(0);
  expect(stepOf(stderr, /RUN .*npm ci/)).toContain('CACHED');
  expect(stepOf(stderr, /RUN .*npm run build/)).toMatch(/DONE/);
});

test('the images carry the revision, the version and the date they were built with', async () => {
  for (const image of [inject('image'), inject('distroless')]) {
    expect(JSON.parse(await docker(['inspect', '--format', '{{json .Config.Labels}}', image]))).toMatchObject(
      {
        'org.opencontainers.image.title': 'Zarpe',
        'org.opencontainers.image.licenses': 'MIT',
        'org.opencontainers.image.revision': '0123abc',
        'org.opencontainers.image.version': '9.8.7',
        'org.opencontainers.image.created': '2026-01-02T03:04:05Z',
      },
    );
  }
});

test('both images say the same of how they are run, stopped and checked', async () => {
  const [runner, distroless] = await Promise.all(
    [inject('image'), inject('distroless')].map(async (image) =>
      JSON.parse(await docker(['inspect', '--format', '{{json .Config}}', image])),
    ),
  );
  for (const name of ['Cmd', 'Entrypoint', 'ExposedPorts', 'Healthcheck', 'StopSignal', 'WorkingDir']) {
    expect(distroless[name], name).toEqual(runner[name]);
  }
  const variables = (config: { Env: string[] }) =>
    config.Env.filter((line) => /^(NODE_ENV|NEXT|PORT|HOSTNAME)/.test(line));
  expect(variables(distroless)).toEqual(variables(runner));
  expect(runner).toMatchObject({
    Cmd: ['node', 'entrypoint.js'],
    StopSignal: 'SIGTERM',
    User: 'nextjs:nodejs',
  });
  expect(distroless.User).toBe('1001:1001');
});

test('no secret that lies in the folder reaches a layer or the history', async () => {
  const search = `
    const fs = require('node:fs');
    const walk = (path) => fs.readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
      const file = path + '/' + entry.name;
      return entry.isDirectory() ? walk(file) : entry.isFile() ? [file] : [];
    });
    const files = walk('/app');
    const found = files.filter((file) => fs.readFileSync(file).includes(process.argv[1]));
    console.log(JSON.stringify({ searched: files.length, found }));`;
  for (const image of [inject('image'), inject('distroless')]) {
    const printed = await docker(['run', '--rm', image, 'node', '-e', search, inject('canary')]);
    const { searched, found } = JSON.parse(printed);
    expect(searched).toBeGreaterThan(100);
    expect(found).toEqual([]);
    expect(await docker(['history', '--no-trunc', image])).not.toContain(inject('canary'));
  }
});

/** The lines BuildKit prints of the step whose first line matches. */
function stepOf(log: string, pattern: RegExp): string {
  const lines = log.split('\n');
  const number = lines.find((line) => pattern.test(line))?.match(/^#(\d+) /)?.[1];
  if (number === undefined) throw new Error(`no step like ${pattern} in:\n${log}`);
  return lines.filter((line) => line.startsWith(`#${number} `)).join('\n');
}
