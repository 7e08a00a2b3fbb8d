/** The Dockerfile of `zarpe init`: what an installation and a build need in projects as they are. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createProject, runProgram } from './run-program.ts';

const SCHEMA = 'datasource db {\n  provider = "postgresql"\n}\n';
const PACKAGE = { name: 'shop', scripts: { build: 'next build' }, dependencies: { next: '16.0.0' } };
const SINGLE = {
  'package.json': { ...PACKAGE, devDependencies: { prisma: '7.0.0' } },
  'app/page.jsx': '',
  'prisma/schema.prisma': SCHEMA,
};
const MONOREPO = {
  'package.json': { workspaces: ['apps/*', 'packages/*'], devDependencies: { turbo: '^2.5.0' } },
  'apps/web/package.json': PACKAGE,
  'apps/web/app/page.jsx': '',
  'packages/db/package.json': { name: 'db', dependencies: { '@prisma/client': '^7.0.0' } },
  'packages/db/prisma/schema.prisma': SCHEMA,
};
const LOCKFILES = {
  npm: { 'package-lock.json': '{}' },
  pnpm: {
    'pnpm-lock.yaml': "lockfileVersion: '9.0'\n",
    'pnpm-workspace.yaml': 'packages: ["apps/*", packages/*]\n',
  },
  classic: { 'yarn.lock': '# yarn lockfile v1\n' },
  berry: { 'yarn.lock': '__metadata:\n  version: 6\n', '.yarnrc.yml': '' },
  bun: { 'bun.lock': '{}' },
} as const;

/** The instructions of each stage, by its name, with lines that are continued in one. */
async function stagesOf(files: Record<string, string | object>): Promise<Record<string, string[]>> {
  const folder = await createProject(files);
  const { code, stderr } = await runProgram(folder, ['init', '--yes']);
  expect(code, stderr).toBe(0);
  const text = (await readFile(join(folder, 'Dockerfile'), 'utf8')).replaceAll(/ *\\\n */g, ' ');
  const stages = [...text.matchAll(/^FROM \S+ AS (\w+)\n((?:(?!FROM ).*\n)*)/gm)];
  return Object.fromEntries(stages.map(([, name = '', lines = '']) => [name, lines.trim().split('\n')]));
}

const command = (lines: string[] | undefined, pattern: RegExp) =>
  lines?.find((line) => line.startsWith('RUN') && pattern.test(line));

describe('the stage that installs', () => {
  test.for([
    ['npm', ['.npmrc', 'patches/a.patch']],
    ['pnpm', ['.npmrc', '.pnpmfile.cjs', 'patches/a.patch']],
    ['classic', ['.yarnrc', '.npmrc', 'patches/a.patch']],
    ['berry', ['.yarn/releases/yarn.cjs', '.yarn/patches/a.patch']],
    ['bun', ['bunfig.toml', '.npmrc', 'patches/a.patch']],
  ] as const)('copies the settings and the patches of %s', async ([manager, paths]) => {
    const { deps = [] } = await stagesOf({
      ...SINGLE,
      ...LOCKFILES[manager],
      ...Object.fromEntries(paths.map((path) => [path, ''])),
    });
    for (const path of paths) {
      const [folder] = /^patches|^\.yarn\/\w+/.exec(path) ?? [path];
      const copy = deps.find((line) => line.startsWith('COPY') && line.split(' ').includes(folder));
      expect(copy, path).toMatch(folder === path ? / \.\/$/ : new RegExp(` \\./${folder}$`));
    }
  });

  test('has what the scripts of an installation run, and packages in the repository that are no workspaces', async () => {
    const { deps } = await stagesOf({
      ...SINGLE,
      ...LOCKFILES.npm,
      'package.json': {
        ...PACKAGE,
        scripts: { build: 'next build', postinstall: 'npm run setup', setup: 'node ./scripts/setup.mjs --x' },
        dependencies: { next: '16', vendored: 'file:./vendor/a.tgz', linked: 'link:../elsewhere' },
      },
      'scripts/setup.mjs': '',
      'vendor/a.tgz': '',
    });
    expect(deps).toContain('COPY scripts/setup.mjs ./scripts/setup.mjs');
    expect(deps).toContain('COPY vendor/a.tgz ./vendor/a.tgz');
    expect(deps?.join()).not.toContain('elsewhere');
  });

  test('that generates the client has its schema, a URL, and a file in the place of an engine', async () => {
    const { deps } = await stagesOf({
      ...SINGLE,
      ...LOCKFILES.npm,
      'package.json': { ...PACKAGE, scripts: { postinstall: 'prisma generate' } },
      'prisma.config.ts': "export default { datasource: { url: env('SHOP_DATABASE_URL') } };",
    });
    expect(deps).toContain('COPY prisma ./prisma');
    expect(deps).toContain('COPY prisma.config.ts ./prisma.config.ts');
    const install = command(deps, /npm ci/);
    expect(install).toMatch(/ DATABASE_URL=postgresql:\S+ SHOP_DATABASE_URL=postgresql:\S+ /);
    expect(install).toContain('PRISMA_SCHEMA_ENGINE_BINARY="$(command -v node)" npm ci');
  });

  test('downloads no engine for a client that has none', async () => {
    const { deps } = await stagesOf({ ...SINGLE, ...LOCKFILES.npm });
    expect(command(deps, /npm ci/)).toMatch(/ PRISMA_SCHEMA_ENGINE_BINARY="\$\(command -v node\)" npm ci /);
  });

  test('installs bun with the script without which it does not run', async () => {
    const { deps } = await stagesOf({ ...SINGLE, ...LOCKFILES.bun });
    expect(deps).toContain('RUN npm install --global --allow-scripts=bun bun@1');
  });

  test.for([
    ['yarn 3', LOCKFILES.berry, '@yarnpkg/cli-dist@3'],
    ['yarn 4', { ...LOCKFILES.berry, 'yarn.lock': '__metadata:\n  version: 8\n' }, '@yarnpkg/cli-dist@4'],
    ['pnpm 8', { 'pnpm-lock.yaml': "lockfileVersion: '6.0'\n" }, 'pnpm@8'],
    ['pnpm 10', LOCKFILES.pnpm, 'pnpm@10'],
  ] as const)('takes the package manager that reads the lockfile: %s', async ([, files, expected]) => {
    const { deps } = await stagesOf({ ...SINGLE, ...files });
    expect(command(deps, / --global /)?.endsWith(` ${expected}`), deps?.join('\n')).toBe(true);
  });
});

describe('the stage that builds', () => {
  test.for([
    ['npm', 'cd apps/web && npm run build'],
    ['pnpm', "pnpm --filter '{./apps/web}...' run build"],
    ['classic', 'cd apps/web && yarn run build'],
    ['bun', 'cd apps/web && bun run build'],
  ] as const)('in a monorepo of %s', async ([manager, expected]) => {
    const { builder } = await stagesOf({ ...MONOREPO, ...LOCKFILES[manager] });
    expect(command(builder, /target=\/src\/apps\/web/)?.endsWith(expected), builder?.join('\n')).toBe(true);
  });

  test('with Turborepo hands on the variables of the build', async () => {
    const { builder } = await stagesOf({ ...MONOREPO, ...LOCKFILES.npm, 'turbo.json': '{}' });
    expect(command(builder, /turbo/)).toMatch(/turbo run build --filter=\.\/apps\/web --env-mode=loose$/);
  });

  test('without a script for it runs Next.js itself', async () => {
    const { builder } = await stagesOf({
      ...SINGLE,
      ...LOCKFILES.pnpm,
      'package.json': { dependencies: { next: '16' } },
    });
    expect(command(builder, /next build/)).toMatch(/ pnpm exec next build$/);
  });

  test('gives a script that generates the client the file in the place of an engine', async () => {
    const { builder } = await stagesOf({
      ...SINGLE,
      ...LOCKFILES.npm,
      'package.json': { ...PACKAGE, scripts: { build: 'prisma generate && next build' } },
    });
    expect(command(builder, /run build/)).toMatch(
      / PRISMA_SCHEMA_ENGINE_BINARY="\$\(command -v node\)" npm run build$/,
    );
  });
});

describe('Prisma 6', () => {
  const of = (generator: string) =>
    stagesOf({
      ...SINGLE,
      ...LOCKFILES.npm,
      'package.json': { ...PACKAGE, devDependencies: { prisma: '^6.16.0' } },
      'prisma/schema.prisma': `generator client {\n  provider = "prisma-client-js"\n${generator}}\n${SCHEMA}`,
    });

  test('has OpenSSL for the engine in every stage', async () => {
    const { deps, builder, runner } = await of('');
    expect(command(deps, /openssl/)).toBeDefined();
    expect(command(runner, /openssl/)).toBeDefined();
    expect(command(builder, /generate/)).toBe('RUN npx --no-install prisma generate');
  });

  test('needs neither OpenSSL nor a download where the client has no engine', async () => {
    const { deps, builder, runner } = await of('  engineType = "client"\n');
    expect([deps, builder, runner].flat().join('\n')).not.toContain('openssl');
    expect(command(builder, /generate/)).toMatch(
      /PRISMA_SCHEMA_ENGINE_BINARY=\S+ -v node\)" PRISMA_QUERY_ENGINE_LIBRARY=\S+ -v node\)" npx/,
    );
    expect(command(builder, /query_compiler_bg\.wasm/)).toContain('cp --parents {} .next/standalone/');
  });
});

test('everything that the image copies has its modes set in the builder, and the compile cache is taken back', async () => {
  const { builder, runner = [] } = await stagesOf({
    ...SINGLE,
    ...LOCKFILES.npm,
    'prisma/schema.prisma': '',
    'schema.prisma': SCHEMA,
    'migrations/0001_init/migration.sql': '',
    'prisma.config.ts': "export default { schema: 'schema.prisma', migrations: { seed: 'tsx seed.ts' } };",
    'seed.ts': '',
    'public/logo.svg': '',
  });
  const copied = runner.flatMap((line) => /^COPY --from=builder \/src\/(\S+)/.exec(line)?.[1] ?? []);
  expect(copied).toEqual(expect.arrayContaining(['*.prisma', 'migrations', 'public', '.seed/']));
  const [, changed] = builder?.find((line) => line.includes('chmod'))?.split('chmod -R u=rwX,go=rX ') ?? [];
  expect(changed?.split(' ')).toEqual(copied);
  const warm = runner.findIndex((line) => line.includes('warm-cache'));
  expect(runner[warm]).toMatch(/uid: 1001, gid: 1001.* && chown -R 0:0 \.compile-cache && chmod -R/);
  expect(runner.indexOf('USER 1001:1001')).toBeGreaterThan(warm);
});

test('paths with a space are quoted', async () => {
  const { deps, builder, runner } = await stagesOf({
    ...LOCKFILES.npm,
    'package.json': { workspaces: ['my apps/*'] },
    'my apps/web/package.json': PACKAGE,
    'my apps/web/app/page.jsx': '',
    'my apps/web/prisma/schema.prisma': SCHEMA,
  });
  expect(deps).toContain('COPY ["my apps/web/package.json","./my apps/web/"]');
  expect(command(builder, /run build/)).toContain("cd 'my apps/web' && npm run build");
  expect(runner).toContain('COPY --from=builder ["/src/my apps/web/.next/standalone","./"]');
  expect(command(runner, /mkdir/)).toContain("chmod 775 'my apps/web/.next/cache'");
  expect(builder?.find((line) => line.includes('chmod'))).toContain(" 'my apps/web/.next/standalone' ");
});
