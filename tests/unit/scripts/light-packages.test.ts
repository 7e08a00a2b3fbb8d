import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { expect, test } from 'vitest';
import {
  lazyPostgres,
  lightPino,
  POSTGRES_PARTS,
  quietPrisma,
} from '../../../scripts/build/light-packages.mjs';

const root = join(import.meta.dirname, '../../..');
const require = createRequire(import.meta.url);

/** Bundles a use of a package, in memory. */
function bundle(contents: string, plugins: Plugin[]) {
  const stdin = { contents, resolveDir: root };
  return build({
    stdin,
    bundle: true,
    platform: 'node',
    write: false,
    logLevel: 'silent',
    plugins,
  });
}

/** A package whose files have other names than ours knows. */
const moved = (filter: RegExp): Plugin => ({
  name: 'moved',
  setup: ({ onResolve }) => onResolve({ filter }, ({ path }) => ({ path, external: true })),
});

const PINO = "import pino from 'pino'; pino();";
const PRISMA = "import { Debug } from '@prisma/driver-adapter-utils'; Debug('x')('y');";
const POSTGRES = "import pg from 'pg'; new pg.Client(); new pg.Pool();";

test('the packages come in the shape that the build relieves', async () => {
  await expect(bundle(PINO, [lightPino])).resolves.toMatchObject({ errors: [] });
  await expect(bundle(POSTGRES, [lazyPostgres])).resolves.toMatchObject({ errors: [] });
  await expect(bundle(PRISMA, [quietPrisma])).resolves.toMatchObject({ errors: [] });
  await expect(bundle('', [lightPino, lazyPostgres, quietPrisma])).resolves.toMatchObject({ errors: [] });
});

test.each([
  'transport',
  'caller',
  'worker_threads',
  'sonic-boom',
  'redaction',
  'safe-stable-stringify',
  'pino-std-serializers',
])('a pino without %s fails the build', async (name) => {
  await expect(bundle(PINO, [moved(new RegExp(`${name}$`)), lightPino])).rejects.toThrow(name);
});

test('a driver adapter that logs by another package fails the build', async () => {
  await expect(bundle(PRISMA, [moved(/@prisma\/debug$/), quietPrisma])).rejects.toThrow('@prisma/debug');
});

test('a node-postgres that takes its cryptography from elsewhere fails the build', async () => {
  const elsewhere = moved(/^\.{1,2}\/(?:crypto\/)?utils$/);
  await expect(bundle(POSTGRES, [elsewhere, lazyPostgres])).rejects.toThrow('lib/crypto/utils');
});

test.each(['pgpass', 'pg-connection-string', './native'])(
  'a node-postgres without %s fails the build',
  async (name) => {
    await expect(bundle(POSTGRES, [moved(new RegExp(`^${name}$`)), lazyPostgres])).rejects.toThrow(name);
  },
);

test('the parts of node-postgres are those that it exports', () => {
  const pg: Record<string, unknown> = require('pg');
  for (const [name, [file = '', part]] of Object.entries(POSTGRES_PARTS)) {
    const loaded: Record<string, unknown> = require(file);
    expect(part === undefined ? loaded : loaded[part], name).toBe(pg[name]);
  }
});

test('our code uses no other part of node-postgres than the bundle has', async () => {
  const exported = Object.keys(require('pg'));
  const files = await readdir(join(root, 'entrypoint'), { recursive: true });
  const sources = files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFile(join(root, 'entrypoint', file), 'utf8'));
  const used = (await Promise.all(sources)).flatMap((source) =>
    [...source.matchAll(/\bpg\.(\w+)/g)].map(([, name = '']) => name),
  );
  expect(used).toContain('Client');
  expect(used.filter((name) => exported.includes(name) && !(name in POSTGRES_PARTS))).toEqual([]);
});
