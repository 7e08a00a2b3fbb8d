import { access, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import publishedFile from '../../../package/package.json' with { type: 'json' };
import packageFile from '../../../package.json' with { type: 'json' };
import { answerProgram, createProject, installPackage, runProgram } from './run-program.ts';

const SCHEMA_7 = `
  generator client {
    provider = "prisma-client"
    output   = "../src/generated/prisma"
  }
  datasource db {
    provider = "postgresql"
  }
  model User {
    id Int @id
  }
`.replaceAll(/^ {2}/gm, '');
const MIGRATION = {
  'prisma/migrations/0001_init/migration.sql': 'CREATE TABLE "User" (id int PRIMARY KEY);',
};
const SINGLE = {
  'package.json': {
    name: 'shop',
    scripts: { build: 'next build' },
    dependencies: { next: '^16.0.0', '@prisma/client': '^7.0.0' },
    devDependencies: { prisma: '^7.0.0' },
  },
  'package-lock.json': '{}',
  'next.config.ts':
    "import type { NextConfig } from 'next';\n\nconst nextConfig: NextConfig = {\n  /* config options here */\n};\n\nexport default nextConfig;\n",
  'tsconfig.json': '{}',
  'src/app/page.tsx': 'export default () => process.env.SMTP_HOST;',
  'prisma/schema.prisma': SCHEMA_7,
  ...MIGRATION,
};

const dockerfileOf = (folder: string) => readFile(join(folder, 'Dockerfile'), 'utf8');
const settingsOf = async (folder: string) =>
  JSON.parse(await readFile(join(folder, 'zarpe.config.json'), 'utf8'));

describe('the published package', () => {
  test('has no dependencies, the version of the repository, and a program that runs', async () => {
    expect(publishedFile.version).toBe(packageFile.version);
    expect(publishedFile).not.toHaveProperty('dependencies');
    const { mode } = await stat(join(await installPackage(), 'zarpe.mjs'));
    expect(mode & 0o111).toBe(0o111);
    const { code, stdout } = await runProgram('/', ['--version']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${packageFile.version}\n` });
  });

  test('has every file that its documents link to, and that a hint names', async () => {
    const folder = await installPackage();
    const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.md'));
    expect(names).toContain('docs/adopt.md');
    for (const name of names) {
      const text = await readFile(join(folder, name), 'utf8');
      for (const [, link = ''] of text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g))
        await expect(access(join(folder, dirname(name), link)), `${name}: ${link}`).resolves.toBeUndefined();
    }
    const { stdout } = await runProgram(
      await createProject({ ...SINGLE, 'prisma/migrations/0001_init/migration.sql': '' }),
      ['init', '--dry-run'],
    );
    expect(stdout).not.toContain('docs/');
    const { 'prisma/migrations/0001_init/migration.sql': _, ...without } = SINGLE;
    const hinted = await runProgram(await createProject(without), ['init', '--dry-run']);
    const [page = ''] = /\/\S+docs\/\S+\.md/.exec(hinted.stdout) ?? [];
    await expect(access(page)).resolves.toBeUndefined();
  });

  test('runs the entrypoint for the app in the working directory', async () => {
    const folder = await createProject({ 'package.json': {} });
    const { code, stdout } = await runProgram(folder, ['check', '--skip-database']);
    expect(code).toBe(66);
    expect(stdout).toContain(`In ${folder}: .git, package.json`);
  });
});

describe('init', () => {
  test('a dry run shows what would be written, and writes nothing', async () => {
    const folder = await createProject(SINGLE);
    const { code, stdout } = await runProgram(folder, ['init', '--dry-run']);
    expect(code).toBe(0);
    expect(stdout).toContain('+ Dockerfile (new');
    expect(stdout).toContain("+  output: 'standalone',");
    await expect(dockerfileOf(folder)).rejects.toThrow('ENOENT');
    expect(await readFile(join(folder, 'next.config.ts'), 'utf8')).toBe(SINGLE['next.config.ts']);
  });

  test('no build shares its cache with another app on the same machine, nor with a second build of the same app', async () => {
    const mounts = await Promise.all(
      ['shop', 'blog'].map(async (name) => {
        const folder = await createProject({
          ...SINGLE,
          'package.json': { ...SINGLE['package.json'], name },
        });
        await runProgram(folder, ['init', '--yes']);
        const mount = /--mount=(\S*target=\/src\/\.next\/cache)/.exec(await dockerfileOf(folder))?.[1];
        return Object.fromEntries((mount ?? '').split(',').map((option) => option.split('=')));
      }),
    );
    for (const mount of mounts) expect(mount).toMatchObject({ type: 'cache', sharing: 'locked' });
    expect(mounts[0]?.id).toMatch(/shop/);
    expect(mounts[1]?.id).toMatch(/blog/);
  });

  test('without a terminal and without --yes it writes nothing and says how', async () => {
    const folder = await createProject(SINGLE);
    const { code, stderr } = await runProgram(folder, ['init']);
    expect(code).toBe(1);
    expect(stderr).toContain('Use --yes, or --dry-run');
    await expect(dockerfileOf(folder)).rejects.toThrow('ENOENT');
  });

  test('Ctrl-C at a question ends it with 130, without a word, and nothing is written', async () => {
    const folder = await createProject({ ...SINGLE, Dockerfile: 'FROM scratch\n' });
    const before = await readdir(folder);
    const { code, stdout, stderr } = await answerProgram(folder, ['init'], ['y\r', '\x03']);
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
    expect(stdout).toMatch(/Change Dockerfile as shown above\? \[y\/N\] .*\n$/);
    expect(await readdir(folder)).toEqual(before);
  });

  test('an input that ends before the last answer is said, and nothing is written', async () => {
    const folder = await createProject({ ...SINGLE, Dockerfile: 'FROM scratch\n' });
    const before = await readdir(folder);
    const { code, stderr } = await answerProgram(folder, ['init'], ['y\r']);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: '\nNothing was written: the input ended before the last answer.\nUse --yes, or --dry-run.\n',
    });
    expect(await readdir(folder)).toEqual(before);
  });

  test('what is answered with no stays as it is, and what with yes is written', async () => {
    const folder = await createProject({
      ...SINGLE,
      Dockerfile: 'FROM scratch\n',
      'compose.yaml': 'name: mine\n',
    });
    const answers = ['yes\r', 'n\r', 'Y\r', '\r'];
    const { code, stdout, stderr } = await answerProgram(folder, ['init'], answers);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('left as they are: Dockerfile, next.config.ts');
    expect(await dockerfileOf(folder)).toBe('FROM scratch\n');
    expect(await readFile(join(folder, 'compose.yaml.before-zarpe'), 'utf8')).toBe('name: mine\n');
    expect(await settingsOf(folder)).toHaveProperty('$schema');
  });

  test('with --yes it writes every file, and a second run has nothing to do', async () => {
    const folder = await createProject(SINGLE);
    expect((await runProgram(folder, ['init', '--yes'])).code).toBe(0);
    for (const file of [
      'Dockerfile',
      '.dockerignore',
      'docker-compose.yml',
      '.env.example',
      'docker/backup.sh',
      'docker/init-db.sql',
      'zarpe/entrypoint.js',
      'src/app/api/health/route.ts',
    ])
      expect((await readFile(join(folder, file), 'utf8')).length, file).toBeGreaterThan(0);
    expect(await readFile(join(folder, 'next.config.ts'), 'utf8')).toContain("output: 'standalone',");
    expect(await readFile(join(folder, '.env.example'), 'utf8')).toContain("SMTP_HOST=''");
    const { stdout } = await runProgram(folder, ['init', '--dry-run']);
    expect(stdout).toContain('Nothing to do');
  });

  test('a file that exists is shown as a difference, and kept by a dry run', async () => {
    const existing =
      'FROM scratch\nENV API_TOKEN=hunter2 A=b\nENV DATABASE_URL=postgresql://app:hunter3@db/app\n' +
      'ENV SMTP_PASS=hunter4\nENV DB_PWD=hunter5\nENV REDIS_URL=redis://:hunter6@h\nPASSWORD: &a hunter7\n';
    const folder = await createProject({ ...SINGLE, Dockerfile: existing });
    const { stdout } = await runProgram(folder, ['init', '--dry-run']);
    expect(stdout).toContain('-FROM scratch');
    expect(stdout).toContain('-ENV API_TOKEN=…');
    expect(stdout).not.toMatch(/hunter\d/);
    expect(await dockerfileOf(folder)).toBe(existing);
  });

  test('a file that is replaced is kept beside it, and one that cannot be read is not taken for a new one', async () => {
    const folder = await createProject({
      ...SINGLE,
      Dockerfile: 'FROM scratch\n',
      'compose.yaml': 'name: mine\n',
    });
    expect((await runProgram(folder, ['init', '--yes'])).code).toBe(0);
    expect(await readFile(join(folder, 'Dockerfile.before-zarpe'), 'utf8')).toBe('FROM scratch\n');
    expect(await readFile(join(folder, 'compose.yaml.before-zarpe'), 'utf8')).toBe('name: mine\n');
    await writeFile(join(folder, 'Dockerfile'), 'FROM mine\n');
    expect((await runProgram(folder, ['init', '--yes'])).code).toBe(0);
    expect(await readFile(join(folder, 'Dockerfile.before-zarpe'), 'utf8')).toBe('FROM scratch\n');
    expect(await readFile(join(folder, 'Dockerfile.before-zarpe.2'), 'utf8')).toBe('FROM mine\n');
    const other = await createProject({ ...SINGLE, 'Dockerfile/note': '' });
    const { code, stderr } = await runProgram(other, ['init', '--yes']);
    expect(code).toBe(1);
    expect(stderr).toContain('Dockerfile cannot be read (a folder)');
  });

  test.for([
    ['npm', { 'package-lock.json': '{}' }, ['npm ci', 'target=/root/.npm']],
    [
      'pnpm',
      { 'pnpm-lock.yaml': "lockfileVersion: '9.0'\n" },
      ['pnpm@9.15.0', 'pnpm install --frozen-lockfile', 'target=/pnpm/store'],
    ],
    ['yarn', { 'yarn.lock': '# yarn lockfile v1\n' }, ['yarn@1.22.22', 'yarn install --frozen-lockfile']],
    ['yarn', { 'yarn.lock': '', '.yarnrc.yml': 'nodeLinker: node-modules\n' }, ['yarn install --immutable']],
    ['bun', { 'bun.lock': '{}' }, ['bun install --frozen-lockfile']],
  ] as const)('the Dockerfile installs with %s and its lockfile %o', async ([name, files, expected]) => {
    const { 'package-lock.json': _, ...others } = SINGLE;
    const folder = await createProject({
      ...others,
      ...files,
      'package.json': {
        ...SINGLE['package.json'],
        ...(name === 'pnpm' && { packageManager: 'pnpm@9.15.0+sha512.abc' }),
      },
    });
    expect((await runProgram(folder, ['init', '--yes'])).stdout).toContain(`(${name}, `);
    const dockerfile = await dockerfileOf(folder);
    for (const text of expected) expect(dockerfile).toContain(text);
    for (const file of Object.keys(files))
      expect(dockerfile).toMatch(new RegExp(`^COPY .*${file.replaceAll('.', '\\.')}.*\\./$`, 'm'));
  });

  test('a monorepo: the app, the schema and the server are found where they are', async () => {
    const folder = await createProject({
      'package.json': { name: 'acme', workspaces: ['apps/*', 'packages/*'] },
      'package-lock.json': '{}',
      'apps/web/package.json': {
        name: 'web',
        dependencies: { next: '^14.2.0' },
        scripts: { build: 'prisma migrate deploy && next build' },
      },
      'apps/web/next.config.mjs': 'export default {\n  reactStrictMode: true,\n};\n',
      'apps/web/pages/api/healthz.js': '',
      'packages/db/package.json': {
        name: 'db',
        dependencies: { '@prisma/client': '^6.2.0' },
        prisma: { seed: 'tsx prisma/seed.ts' },
      },
      'packages/db/prisma/schema.prisma':
        'generator client {\n  provider = "prisma-client-js"\n}\ndatasource db {\n  provider = "postgresql"\n  url = env("POSTGRES_PRISMA_URL")\n}\nmodel Member {\n  id Int @id\n  @@map("members")\n}\n',
      'packages/db/prisma/migrations/0001_init/migration.sql': 'CREATE TABLE members (id int PRIMARY KEY);',
      'packages/db/prisma/seed.ts': '',
    });
    const { code, stdout } = await runProgram(join(folder, 'apps/web'), ['init', '--yes']);
    expect(code).toBe(0);
    expect(stdout).toContain('The script "build" migrates the database');
    expect(await settingsOf(folder)).toEqual({
      $schema: './zarpe/zarpe.config.schema.json',
      server: 'apps/web/server.js',
      prismaDir: 'packages/db/prisma',
      databaseUrlFrom: ['POSTGRES_PRISMA_URL'],
      seedTable: 'members',
      healthPath: '/api/healthz',
    });
    const checked = await runProgram(folder, ['check', '--skip-database']);
    expect(checked.stdout).toContain('the configuration is valid');
    const dockerfile = await dockerfileOf(folder);
    expect(dockerfile).toContain('COPY packages/db/package.json ./packages/db/');
    expect(dockerfile).toContain('COPY --from=builder /src/apps/web/.next/static ./apps/web/.next/static');
    expect(dockerfile).toContain('bundle-seed packages/db/prisma/seed.ts');
    expect(dockerfile).toContain('openssl');
    const config = await readFile(join(folder, 'apps/web/next.config.mjs'), 'utf8');
    expect(config).toContain("experimental: { outputFileTracingRoot: join(import.meta.dirname, '../..') },");
  });

  test('a configuration of Next.js in a form that is not known is left as it is, and what to add is said', async () => {
    const config = 'export default withPlugins([mdx], { env: process.env.OUT });\n';
    const folder = await createProject({ ...SINGLE, 'next.config.ts': config });
    const { stdout } = await runProgram(folder, ['init', '--yes']);
    expect(stdout).toContain("Add to the options of next.config.ts: output: 'standalone'");
    expect(await readFile(join(folder, 'next.config.ts'), 'utf8')).toBe(config);
  });

  test.for([
    ['no lockfile', { 'package.json': { dependencies: { next: '16' } } }, 'There is no lockfile'],
    ['no Next.js app', { 'package.json': {}, 'package-lock.json': '{}' }, 'depends on next'],
    [
      'no Prisma schema',
      { 'package.json': { dependencies: { next: '16' } }, 'package-lock.json': '{}' },
      'There is no Prisma schema',
    ],
    [
      'several apps',
      {
        'package.json': { workspaces: { packages: ['apps/*'] } },
        'package-lock.json': '{}',
        'apps/a/package.json': { dependencies: { next: '16' } },
        'apps/b/package.json': { dependencies: { next: '16' } },
      },
      '--app apps/a, --app apps/b',
    ],
    [
      'a manifest that is not JSON',
      { 'package.json': '{', 'package-lock.json': '{}' },
      'is not a JSON object',
    ],
    ...(
      [
        ['name', { name: 5 }, 'a string'],
        ['packageManager', { packageManager: {} }, 'a string'],
        ['scripts', { scripts: [] }, 'an object'],
        ['scripts.build', { scripts: { build: 7 } }, 'a string'],
        ['dependencies.next', { dependencies: { next: 16 } }, 'a string'],
        ['devDependencies', { devDependencies: 'prisma' }, 'an object'],
        ['prisma', { prisma: 'prisma/schema.prisma' }, 'an object'],
        ['prisma.seed', { prisma: { seed: {} } }, 'a string'],
      ] as const
    ).map(
      ([field, manifest, kind]) =>
        [
          `${field} of another type`,
          {
            'package.json': { ...SINGLE['package.json'], ...manifest },
            'package-lock.json': '{}',
            'src/app/page.tsx': '',
            'prisma/schema.prisma': SCHEMA_7,
          },
          `package.json: ${field} is not ${kind}`,
        ] as const,
    ),
  ] as const)('%s is said in one sentence with what to do', async ([, files, expected]) => {
    const { code, stdout, stderr } = await runProgram(await createProject(files), ['init', '--yes']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(expected);
    expect(stderr).not.toContain('    at ');
  });

  test('an unknown flag ends with 64', async () => {
    const { code, stderr } = await runProgram('/', ['init', '--force']);
    expect(code).toBe(64);
    expect(stderr).toContain("'--force'");
  });

  test('secrets are required and never given a value', async () => {
    const folder = await createProject({
      ...SINGLE,
      'src/app/page.tsx': 'export default () => process.env.NEXTAUTH_SECRET + process.env.NEXT_PUBLIC_SITE;',
    });
    await writeFile(join(folder, '.env'), 'NEXTAUTH_SECRET=hunter2hunter2\n');
    const { stdout } = await runProgram(folder, ['init', '--yes']);
    expect(stdout).not.toContain('hunter2');
    expect(await settingsOf(folder)).toMatchObject({ requireEnv: ['NEXTAUTH_SECRET:32'] });
    expect(await readFile(join(folder, '.dockerignore'), 'utf8')).toContain('**/.env*');
    const [builder = '', runner = ''] = (await dockerfileOf(folder)).split(/^FROM .* AS runner$/m);
    expect(builder).toContain('ARG NEXT_PUBLIC_SITE');
    expect(builder).toContain("RUN find .next/standalone prisma -type f -name '.env*' -delete");
    expect(runner).not.toContain('.env');
  });
});
