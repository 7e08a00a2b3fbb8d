/** What the README says is supported is what the project declares, and what the tests run. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { NODE_VERSIONS } from '../helpers/node-versions.ts';
import { POSTGRES_VERSIONS } from '../helpers/postgres-versions.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const manifest = JSON.parse(read('package.json'));
const lock: { packages: Record<string, { version?: string; engines?: { node?: string } }> } = JSON.parse(
  read('package-lock.json'),
);
const toolchains = Object.keys(JSON.parse(read('tests/toolchains/package.json')).optionalDependencies);
const OLDEST = '20.19';
const IMAGE = '24';

describe.each(['README.md', 'README.es.md'])('the table of %s', (file) => {
  const rows = new Map(
    [...read(file).matchAll(/^\| (Node\.js|PostgreSQL|Next\.js|Prisma) \| (.*) \| (.*) \|$/gm)].map(
      ([, name = '', supported = '', tested = '']) => [name, { supported, tested: tested.split(', ') }],
    ),
  );

  test('names the versions of Node.js and PostgreSQL that the tests run', () => {
    const node = NODE_VERSIONS.map(({ major }) => String(major));
    expect(rows.get('Node.js')?.tested).toEqual(node.filter((major) => ['20', '22', '24'].includes(major)));
    expect(rows.get('PostgreSQL')?.tested).toEqual(POSTGRES_VERSIONS.map(({ major }) => String(major)));
  });

  test('names the oldest Node.js and that of the image', () => {
    expect(rows.get('Node.js')?.supported.match(/[\d.]+/g)).toEqual([OLDEST, IMAGE]);
  });

  test('names the versions of Next.js and Prisma that are installed', () => {
    const { next, '@prisma/client': client } = manifest.dependencies;
    expect(rows.get('Next.js')?.tested).toEqual([majorOf(next)]);
    expect(rows.get('Prisma')?.tested).toEqual([majorOf(client)]);
    expect(majorOf(manifest.devDependencies.prisma)).toBe(majorOf(client));
  });
});

test('package.json, the bundle, the image and the workflow say the same of Node.js', () => {
  expect(manifest.engines.node).toBe(`>=${OLDEST}`);
  expect(manifest.packageManager).toMatch(/^npm@\d+\.\d+\.\d+$/);
  expect(read('esbuild.config.mjs')).toContain(`target: 'node${OLDEST}'`);
  expect(read('.github/workflows/ci.yml')).toContain(`node-version: ${OLDEST}.x`);
  expect(read('.nvmrc').trim()).toBe(IMAGE);
  const dockerfile = read('Dockerfile');
  expect(dockerfile).toContain(`ARG NODE_IMAGE=node:${IMAGE}-`);
  expect(dockerfile).toContain(`/nodejs${IMAGE}-`);
});

test('every other version that the tests run can be fetched, for both processors', () => {
  const fetched = (kind: string) =>
    toolchains.flatMap((name) => new RegExp(`^${kind}-(\\d+)-(?:x64|arm64)$`).exec(name)?.[1] ?? []);
  expect(fetched('node')).toEqual(['22', '22', '24', '24']);
  expect(fetched('postgres')).toEqual(['15', '15', '16', '16', '17', '17']);
});

test('one package alone wants a later Node.js than we do, and the README names it where npm warns of it', () => {
  const late = Object.entries(lock.packages).filter(([, { engines }]) => wantsLater(engines?.node));
  expect(late.map(([path]) => path)).toEqual(['node_modules/@prisma/streams-local']);
  for (const file of ['README.md', 'README.es.md']) {
    expect(read(file)).toMatch(/EBADENGINE[\s\S]{0,80}@prisma\/streams-local/);
  }
});

/** None of the alternatives of a range begins at 20.19 or before. */
function wantsLater(range = '*'): boolean {
  const isEarly = (part: string) => {
    const [major = 0, minor = 0] = (/[\d.]+/.exec(part)?.[0] ?? '0').split('.').map(Number);
    return major < 20 ? !/^\^/.test(part.trim()) || major === 0 : major === 20 && minor <= 19;
  };
  return !range.split('||').some(isEarly);
}

function majorOf(version: string): string {
  return version.split('.')[0] ?? '';
}
