/** `zarpe init` in projects as they really are: where files lie, how scripts and configurations are written. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createFolder } from '../../helpers/workspace.ts';
import { createProject, runProgram } from './run-program.ts';

const SCHEMA =
  'datasource db {\n  provider = "postgresql"\n}\nmodel User {\n  id Int @id\n  @@map("users")\n}\n';
const MIGRATION = 'CREATE TABLE users (id int PRIMARY KEY);';
const PACKAGE = { name: 'shop', dependencies: { next: '16.0.0', '@prisma/client': '7.0.0' } };
const BASE = { 'package.json': PACKAGE, 'package-lock.json': '{}', 'app/page.jsx': '' };
const SINGLE = {
  ...BASE,
  'prisma/schema.prisma': SCHEMA,
  'prisma/migrations/0001_init/migration.sql': MIGRATION,
};

/** What `init --yes` printed and wrote. */
async function adopt(files: Record<string, string | object>, ...flags: string[]) {
  const folder = await createProject(files);
  const { code, stdout, stderr } = await runProgram(folder, ['init', '--yes', ...flags]);
  expect(code, stderr).toBe(0);
  const read = (path: string) => readFile(join(folder, path), 'utf8');
  const dockerfile = await read('Dockerfile');
  return { stdout, read, dockerfile, settings: JSON.parse(await read('zarpe.config.json')) };
}

/** The paths that the last stage copies from the build. */
const copied = (dockerfile: string) =>
  [...dockerfile.matchAll(/^COPY --from=builder \/src\/(.*)$/gm)].map(([, line]) => line);

describe('the schema and its migrations', () => {
  test('a schema beside package.json is copied without the source around it', async () => {
    const { dockerfile, settings } = await adopt({
      ...BASE,
      'schema.prisma': SCHEMA,
      'migrations/0001_init/migration.sql': MIGRATION,
      'package.json': { ...PACKAGE, scripts: { postinstall: 'prisma generate' } },
    });
    expect(dockerfile).toContain('\nCOPY *.prisma ./\n');
    expect(copied(dockerfile)).toContain('*.prisma ./');
    expect(copied(dockerfile)).toContain('migrations ./migrations');
    expect(dockerfile.match(/^COPY \. .*$/gm)).toEqual(['COPY . .']);
    expect(settings).toMatchObject({ prismaDir: 'schema.prisma' });
    expect(settings).not.toHaveProperty('migrationsDir');
  });

  test('a schema in the source folder of a package is copied without that source', async () => {
    const { dockerfile, settings } = await adopt({
      ...BASE,
      'prisma.config.ts':
        "export default { /* schema: 'old.prisma', */ schema: path.join('src', 'db', 'main.prisma'), migrations: { path: 'db/changes' } };",
      'src/db/main.prisma': SCHEMA,
      'src/db/client.ts': '',
      'db/changes/0001_init/migration.sql': MIGRATION,
    });
    expect(copied(dockerfile)).toContain('src/db/*.prisma ./src/db/');
    expect(copied(dockerfile)).toContain('db/changes ./db/changes');
    expect(settings).toMatchObject({ prismaDir: 'src/db/main.prisma', migrationsDir: 'db/changes' });
  });

  test('what a comment in prisma.config says is not taken for a setting', async () => {
    const { settings } = await adopt({
      ...SINGLE,
      'prisma.config.ts':
        "export default {\n  // schema: 'old/schema.prisma', migrations: { path: 'old' },\n  schema: 'prisma/schema.prisma',\n};",
      'old/schema.prisma': SCHEMA,
    });
    expect(settings).not.toHaveProperty('prismaDir');
    expect(settings).not.toHaveProperty('migrationsDir');
  });
});

describe('the configuration of Next.js', () => {
  test('another build folder than .next is copied, cached and writable', async () => {
    const { dockerfile, read } = await adopt({
      ...SINGLE,
      'next.config.mjs':
        "export default {\n  distDir: process.env.DIST ?? './build',\n  // distDir: 'other'\n};\n",
    });
    expect(copied(dockerfile)).toEqual(
      expect.arrayContaining(['build/standalone ./', 'build/static ./build/static']),
    );
    expect(dockerfile).toContain('target=/src/build/cache');
    expect(dockerfile).not.toContain('.next/');
    expect(await read('docker-compose.yml')).toContain('next-cache:/app/build/cache');
    expect(await read('.dockerignore')).toMatch(/^build$/m);
  });

  test.for([
    ['a literal', "export default { basePath: '/shop' };", '/shop/api/healthz'],
    ['a constant', "const basePath = '/shop';\nexport default { basePath };", '/shop/api/healthz'],
    ['a default', "export default { basePath: process.env.BASE ?? '/shop', };", '/shop/api/healthz'],
    ['a trailing slash too', "export default { basePath: '/a', trailingSlash: true };", '/a/api/healthz/'],
  ] as const)('the health path begins with the base path: %s', async ([, config, expected]) => {
    const { settings } = await adopt({
      ...SINGLE,
      'next.config.mjs': config,
      'app/api/healthz/route.js': '',
    });
    expect(settings).toMatchObject({ healthPath: expected });
  });

  test('a base path that only the build tells is said, not guessed', async () => {
    const { stdout } = await adopt({
      ...SINGLE,
      'next.config.mjs': 'export default { basePath: findBasePath() };',
      'app/api/healthz/route.js': '',
    });
    expect(stdout).toContain('next.config.mjs sets basePath to what only a build tells');
  });

  test.for([
    ["export default { output: process.env.DOCKER === 'yes' ? 'standalone' : undefined };", 'DOCKER=yes'],
    ["export default { ...(process.env.DOCKER && { output: 'standalone' }) };", 'DOCKER=1'],
    [
      "const inImage = process.env.DOCKER === 'yes';\nexport default { output: inImage ? 'standalone' : undefined };",
      'DOCKER=yes',
    ],
  ] as const)('the condition of a standalone output is met in the build: %s', async ([config, expected]) => {
    const { dockerfile, read } = await adopt({ ...SINGLE, 'next.config.mjs': config });
    expect(dockerfile).toContain(`\n    ${expected} \\\n`);
    expect(await read('next.config.mjs')).toBe(config);
  });

  test('a standalone output in a comment is none', async () => {
    const { read } = await adopt({
      ...SINGLE,
      'next.config.mjs': "export default {\n  // output: 'standalone',\n};\n",
    });
    expect(await read('next.config.mjs')).toMatch(/^ {2}output: 'standalone',$/m);
  });
});

describe('workspaces and scripts', () => {
  test('a workspace may be named build or generated; a manifest that is no workspace is none', async () => {
    const { dockerfile } = await adopt({
      ...SINGLE,
      'package.json': { ...PACKAGE, workspaces: ['packages/*', '!packages/old'] },
      'packages/build/package.json': {},
      'packages/generated/package.json': {},
      'packages/old/package.json': {},
      'templates/starter/package.json': { dependencies: { next: '16' } },
    });
    expect(dockerfile).toContain('COPY packages/build/package.json ./packages/build/');
    expect(dockerfile).toContain('COPY packages/generated/package.json ./packages/generated/');
    expect(dockerfile).not.toMatch(/packages\/old|templates/);
  });

  test('an app that no workspace names is refused, with what to do', async () => {
    const folder = await createProject({
      'package.json': {},
      'package-lock.json': '{}',
      'web/package.json': { dependencies: { next: '16' } },
    });
    const { code, stderr } = await runProgram(folder, ['init', '--yes']);
    expect(code).toBe(1);
    expect(stderr).toContain('web depends on next, but is no workspace');
  });

  test('versions of pnpm’s catalogs are found', async () => {
    const { 'package-lock.json': _, ...others } = SINGLE;
    const { stdout, dockerfile } = await adopt({
      ...others,
      'package.json': {
        dependencies: { next: 'catalog:', '@prisma/client': 'catalog:orm-7' },
      },
      'pnpm-lock.yaml': "lockfileVersion: '9.0'\n",
      'pnpm-workspace.yaml':
        'packages:\n  - "apps/*" # all\ncatalog:\n  next: ^14.2.0\ncatalogs:\n  orm-7:\n    "@prisma/client": 6.19.0\n  other:\n    next: 1.0.0\n',
    });
    expect(stdout).toMatch(/^Next\.js +14 /m);
    expect(stdout).toMatch(/^Prisma +6 /m);
    expect(dockerfile).toContain('openssl');
  });

  test.for([
    ['npm run db:deploy && next build', 'db:deploy'],
    ['run-s db:* build:next', 'db:deploy'],
    ['pnpm db:deploy && next build', 'db:deploy'],
  ] as const)('a migration that the build reaches through other scripts is named: %s', async ([build]) => {
    const { stdout, dockerfile } = await adopt({
      ...SINGLE,
      'package.json': {
        ...PACKAGE,
        scripts: {
          build,
          'db:deploy': 'npm run db:generate && prisma migrate deploy',
          'db:generate': 'prisma generate',
          'build:next': 'next build',
        },
      },
    });
    expect(stdout).toContain('The script "db:deploy" is part of the build and migrates the database');
    expect(dockerfile).not.toContain('npx --no-install prisma generate');
  });

  test('a seed is found through the scripts that its command runs; one that is no source is said', async () => {
    const through = await adopt({
      ...SINGLE,
      'package.json': {
        ...PACKAGE,
        prisma: { seed: 'npm run seed' },
        scripts: { seed: 'npm run compile && tsx tools/fill.ts', compile: 'npm run seed' },
      },
      'tools/fill.ts': '',
    });
    expect(through.dockerfile).toContain('bundle-seed tools/fill.ts');
    const program = await adopt({
      ...SINGLE,
      'package.json': { ...PACKAGE, prisma: { seed: 'sh ./seed.sh' } },
      'seed.sh': '',
    });
    expect(program.settings).toMatchObject({ seed: 'never' });
    expect(program.stdout).toContain('The seed that the project names is no source');
  });

  test('a folder that may not be read is no source, and a file that cannot be written is named', async () => {
    const folder = await createProject({ ...SINGLE, 'app/data/PG_VERSION': '', docker: 'a file' });
    const denied = join(await createFolder('denied'), 'denied.cjs');
    await writeFile(
      denied,
      `const fs = require('node:fs');
const { readdirSync } = fs;
fs.readdirSync = (path, ...rest) => {
  if (String(path).endsWith('/app/data')) throw Object.assign(new Error('denied'), { code: 'EACCES' });
  return readdirSync(path, ...rest);
};
require('node:module').syncBuiltinESMExports();
`,
    );
    const { code, stdout, stderr } = await runProgram(folder, ['init', '--yes'], ['--require', denied]);
    expect(stdout).toContain('+ Dockerfile (new');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^docker\/backup\.sh could not be written \(\w+\)\.\nFiles before it in the list/);
  });

  test('a variable that the Compose file sets or reads stands once in each file', async () => {
    const { read } = await adopt({
      ...SINGLE,
      'prisma/schema.prisma': SCHEMA.replace(
        '"postgresql"',
        '"postgresql"\n  url = env("POSTGRES_PRISMA_URL")',
      ),
      'app/page.jsx':
        'export default () => process.env.DATABASE_HOST + process.env.POSTGRES_PASSWORD + process.env.POSTGRES_PRISMA_URL + process.env.SMTP_HOST;',
    });
    const example = (await read('.env.example')).match(/^\w+(?==)/gm);
    expect(example).toEqual(['POSTGRES_PASSWORD', 'SMTP_HOST']);
    const app = (await read('docker-compose.yml')).split('\n  app:\n')[1]?.split('\n  backup:\n')[0] ?? '';
    const names = [...app.matchAll(/^ {6}([A-Z][A-Z0-9_]*):/gm)].map(([, name]) => name);
    expect(names).toHaveLength(new Set(names).size);
    expect(names).not.toContain('POSTGRES_PRISMA_URL');
  });
});

test.for([
  ['a long name', 'x'.repeat(70)],
  ['a long name with a hyphen at the limit', `${'x'.repeat(35)}-${'y'.repeat(40)}`],
  ['a scope and a long name', `@acme/${'shop-'.repeat(20)}`],
])(
  'the database has a name that restore.sh can extend within the limit of PostgreSQL: %s',
  async ([, name]) => {
    const { read } = await adopt({ ...SINGLE, 'package.json': { ...PACKAGE, name } });
    const database = /POSTGRES_DB: &database (.*)/.exec(await read('docker-compose.yml'))?.[1] ?? '';
    expect(database).toMatch(/^[a-z](?:\w*[a-z\d])?$/);
    expect(Buffer.byteLength(`${database}_restoring_20260101T000000Z`)).toBeLessThanOrEqual(63);
    expect(database.length).toBeGreaterThan(30);
  },
);

describe('what the project has already is kept', () => {
  const OWN = {
    '.dockerignore': '*.local\n.git\n!keep.pem\n',
    '.env.example': '# Mail\nSMTP_HOST=mail.example.com\n# SMTP_PORT=25\n',
    'zarpe.config.json': { hooks: { 'before-server': [{ command: ['node', 'x.js'] }] }, seed: 'always' },
    'app/page.jsx':
      'export default () => process.env.SMTP_HOST + process.env.SMTP_PORT + process.env.SMTP_FROM + process.env.AUTH_SECRET;',
  };

  test('lines of .dockerignore and .env.example stay, and what is missing comes after them', async () => {
    const { read } = await adopt({ ...SINGLE, ...OWN });
    const ignored = await read('.dockerignore');
    expect(ignored.startsWith(OWN['.dockerignore'])).toBe(true);
    expect(ignored.match(/^\.git$/gm)).toHaveLength(1);
    expect(ignored).toMatch(/^\*\*\/\.env\*$/m);
    const example = await read('.env.example');
    expect(example.startsWith(OWN['.env.example'])).toBe(true);
    expect(example.slice(OWN['.env.example'].length).match(/^\w+(?==)/gm)).toEqual([
      'POSTGRES_PASSWORD',
      'AUTH_SECRET',
      'SMTP_FROM',
    ]);
  });

  test('what an earlier run and older Compose files left, with their passwords, is not sent to the build', async () => {
    const { read } = await adopt({
      ...SINGLE,
      'docker-compose.yaml': 'services: { db: { environment: { POSTGRES_PASSWORD: hunter2 } } }\n',
      'docker-compose.prod.yaml': '',
    });
    expect(await read('docker-compose.yaml.before-zarpe')).toContain('hunter2');
    const ignored = (await read('.dockerignore')).split('\n');
    const matchers = ignored.map(
      (line) => new RegExp(`^${line.replaceAll('.', '\\.').replaceAll(/(?:\*\*\/)?\*/g, '.*')}$`),
    );
    for (const file of [
      'docker-compose.yaml',
      'docker-compose.prod.yaml',
      'docker-compose.yaml.before-zarpe',
      'docker/backup.sh.before-zarpe.2',
    ])
      expect(
        matchers.some((one) => one.test(file)),
        file,
      ).toBe(true);
    expect(matchers.some((one) => one.test('app/page.jsx'))).toBe(false);
  });

  test.for([
    ['seedCommand', { seedCommand: 'node dist/fill.js' }, 'seed', 'The seed that the project names'],
    ['migrationsDir', { migrationsDir: 'made/migrations' }, 'migrate', 'There are no migrations'],
    ['serverCommand', { serverCommand: 'node apps/web/custom.js' }, 'server', undefined],
  ] as const)(
    '%s of zarpe.config.json is not turned off by a setting beside it',
    async ([, own, key, note]) => {
      const { 'app/page.jsx': page, ...rest } = BASE;
      const { stdout, settings } = await adopt({
        ...rest,
        'package.json': { workspaces: ['apps/*'] },
        'apps/web/package.json': { ...PACKAGE, prisma: { seed: 'sh ./seed.sh' } },
        'apps/web/app/page.jsx': page,
        'apps/web/prisma/schema.prisma': SCHEMA,
        'zarpe.config.json': own,
      });
      expect(settings).toMatchObject(own);
      expect(settings).not.toHaveProperty(key);
      if (note !== undefined) expect(stdout).not.toContain(note);
    },
  );

  test('settings of zarpe.config.json win over those that init finds, and a second run changes nothing', async () => {
    const folder = await createProject({ ...SINGLE, ...OWN });
    expect((await runProgram(folder, ['init', '--yes'])).code).toBe(0);
    const settings = JSON.parse(await readFile(join(folder, 'zarpe.config.json'), 'utf8'));
    expect(settings).toMatchObject({ ...OWN['zarpe.config.json'], requireEnv: ['AUTH_SECRET:32'] });
    expect((await runProgram(folder, ['init', '--dry-run'])).stdout).toContain('Nothing to do');
  });
});
