import { basename } from 'node:path';
import { expect, inject, test } from 'vitest';
import './helpers/context.ts';
import { onCleanup } from '../helpers/cleanup.ts';
import { docker, tryDocker } from './helpers/docker.ts';
import { listFiles, readImageFile } from './helpers/files.ts';
import { createName, runLabel } from './helpers/names.ts';

const BASES = {
  image: 'node:24-bookworm-slim',
  distroless: 'gcr.io/distroless/nodejs24-debian12:nonroot',
} as const;

const IMAGES = ['image', 'distroless'] as const;
const SHELLS = /^(sh|ash|bash|dash|zsh|ksh|busybox|toybox)$/;

test.each(IMAGES)('the %s adds nothing to its base but the app and the name of its user', async (name) => {
  const ofBase = new Set((await listFiles(BASES[name], { user: '0:0' })).map(({ path }) => path));
  const files = await listFiles(inject(name), { user: '0:0' });
  const added = files.filter(({ path }) => !ofBase.has(path) && !path.startsWith('/app/'));
  expect(added.map(({ path }) => path)).toEqual(['/app']);
});

test.each(IMAGES)(
  'the %s has no Prisma CLI, no engine binary, no compiler and no test tool',
  async (name) => {
    const paths = (await listFiles(inject(name), { below: '/app' })).map(({ path }) => path);
    expect(paths).toContain('/app/entrypoint.js');
    const packages = paths
      .filter((path) => /\/node_modules\/(@[^/]+\/)?[^/@]+$/.test(path))
      .map((path) => path.split('/node_modules/').at(-1));
    expect(packages).toEqual(expect.arrayContaining(['next', 'react', 'pg']));
    for (const unwanted of [
      'prisma',
      '@prisma/engines',
      '@prisma/dev',
      'typescript',
      'tsx',
      'esbuild',
      'vitest',
      'npm',
    ]) {
      expect(packages).not.toContain(unwanted);
    }
    expect(
      paths.filter((path) => /schema-engine|query_engine|libquery|migration-engine/.test(basename(path))),
    ).toEqual([]);
    expect(paths.filter((path) => /\.(node|so|exe|dll|dylib|ts|tsx)$/.test(path))).toEqual([]);
  },
);

test.each(IMAGES)(
  'the %s has no package manager, and no program that runs as somebody else',
  async (name) => {
    const files = await listFiles(inject(name), { user: '0:0' });
    expect(files.filter(({ path }) => /\/(?:npm|npx|yarn|yarnpkg|corepack)$/.test(path))).toEqual([]);
    expect(files.filter(({ setsId }) => setsId)).toEqual([]);
  },
);

test.each(IMAGES)('the %s carries the licences of all it is made of', async (name) => {
  expect(await readImageFile(inject(name), '/app/LICENSE')).toContain('MIT License');
  const notices = await readImageFile(inject(name), '/app/THIRD-PARTY-NOTICES.txt');
  const paths = (await listFiles(inject(name), { below: '/app' })).map(({ path }) => path);
  const traced = paths.flatMap(
    (path) => /\/node_modules\/((?:@[^/]+\/)?[^/@]+)\/package\.json$/.exec(path)?.[1] ?? [],
  );
  for (const software of ['next', 'zod', 'pino', '@prisma/schema-engine-wasm', 'bcryptjs', ...traced]) {
    expect(notices, software).toContain(`\n\n${software} `);
  }
});

test('node_modules in the image is what Next traced, file by file', async () => {
  const builder = `${createName('builder')}:test`;
  await docker([
    'build',
    '--quiet',
    '--target',
    'builder',
    '--label',
    runLabel(),
    '--tag',
    builder,
    inject('clone'),
  ]);
  onCleanup(async () => {
    await docker(['rmi', '--force', builder]);
  });
  const below = (files: { path: string; folder: boolean }[], folder: string) =>
    files.filter((file) => !file.folder).map(({ path }) => path.slice(folder.length));
  const traced = '/src/.next/standalone/node_modules';
  const shipped = '/app/node_modules';
  expect(below(await listFiles(inject('image'), { below: shipped }), shipped).sort()).toEqual(
    below(await listFiles(builder, { below: traced }), traced).sort(),
  );
});

test('the distroless image has no shell, and none can be started in it', async () => {
  const names = (await listFiles(inject('distroless'), { user: '0:0' })).map(({ path }) => basename(path));
  expect(names).toContain('node');
  expect(names.filter((name) => SHELLS.test(name))).toEqual([]);
  for (const shell of ['sh', '/bin/sh', '/busybox/sh']) {
    expect(
      (await tryDocker(['run', '--rm', '--entrypoint', shell, inject('distroless'), '-c', 'true'])).code,
    ).toBe(127);
  }
});

test.each(IMAGES)(
  'nothing in the %s is writable by its user but the cache, and what its base leaves open',
  async (name) => {
    for (const user of ['1001:1001', '424242:0']) {
      const ofBase = new Set(
        (await listFiles(BASES[name], { user })).filter(({ writable }) => writable).map(({ path }) => path),
      );
      const writable = (await listFiles(inject(name), { user })).filter(
        (file) => file.writable && !ofBase.has(file.path),
      );
      expect(writable.map(({ path }) => path)).toEqual(['/app/.next/cache']);
    }
  },
);
