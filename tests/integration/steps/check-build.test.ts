import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { cp, rename, symlink } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { type BuildConfig, readBuild } from '../../../entrypoint/steps/check-build.ts';
import { runBundle } from '../../helpers/bundle.ts';
import { createDatabase } from '../../helpers/database.ts';
import { createProxy } from '../../helpers/network.ts';
import { problemsOf } from '../../helpers/problems.ts';
import { createStandalone, SCHEMA, type StandaloneOptions } from '../../helpers/standalone.ts';

const config: BuildConfig = {
  server: { file: 'server.js' },
  isCopied: false,
  prismaDir: 'prisma',
  migrationsDir: undefined,
  engine: 'embedded',
  further: [],
};
const LOCK = 'prisma/migrations/migration_lock.toml';

async function problems(options: StandaloneOptions, settings = config) {
  const { dir } = await createStandalone(options);
  return problemsOf(() => readBuild(dir, settings), 'BUILD_INCOMPLETE');
}

async function build(options: StandaloneOptions, settings = config) {
  const { dir } = await createStandalone(options);
  return readBuild(dir, settings);
}

describe('a complete build', () => {
  test('is known by its id, its version of Next.js and its migrations', async () => {
    expect(await build({ buildId: 'aB3_-x' })).toMatchObject({
      next: { buildId: 'aB3_-x', nextVersion: '16.4.6' },
      prisma: { schemas: [], folder: { migrations: [{ name: '20260101000000_create_users' }] } },
      warnings: [],
    });
  });

  test('may have its schema in a folder of many files, in folders below too', async () => {
    const { prisma } = await build({
      schema: {
        'main.prisma': 'datasource db {\n  provider = "postgres"\n  schemas = ["app", "audit"]\n}\n',
        'models/user.prisma': 'model User { id Int @id }\n',
        'models/deep/post.prisma': 'model Post { id Int @id }\n',
        'notes.md': 'not a schema',
      },
    });
    expect(prisma).toMatchObject({ schemas: ['app', 'audit'] });
  });

  test('may say its datasource in any order, with comments', async () => {
    const schema = `// datasource db { provider = "mysql" }
      datasource   db {
        // provider = "sqlite"
        url      = env("DATABASE_URL")
        provider = "postgresql" // the best
        schemas  = [
          "one",
          "two", // the second
        ]
      }`;
    expect((await build({ schema })).prisma.schemas).toEqual(['one', 'two']);
  });

  test('may lie elsewhere: the server in a folder of a monorepo, the schema under another name', async () => {
    const app = await createStandalone();
    await app.write('apps/web/server.js', 'const nextConfig = {"distDir":"./build"}');
    await rename(app.path('.next'), app.path('apps/web/build'));
    await rename(app.path('prisma'), app.path('db'));
    expect(
      readBuild(app.dir, { ...config, server: { file: 'apps/web/server.js' }, prismaDir: 'db' }),
    ).toMatchObject({
      next: { serverPath: app.path('apps/web/server.js'), buildId: app.buildId },
    });
  });

  test('may be named by absolute paths, in the folder of the app and outside', async () => {
    const app = await createStandalone();
    const other = await createStandalone();
    const paths = { server: { file: app.path('server.js') }, prismaDir: other.path('prisma') };
    expect(readBuild(app.dir, { ...config, ...paths })).toMatchObject({
      next: { serverPath: app.path('server.js') },
      prisma: { folder: { migrations: [{}] } },
    });
    await other.remove('prisma');
    await app.remove('prisma');
    expect(() => readBuild(app.dir, { ...config, ...paths })).toThrow(
      `${other.path('prisma')}/schema.prisma: expected the Prisma schema, one file or a folder of them, got no such folder. Copy it: COPY --from=builder /app/prisma ${other.path('prisma')}, or`,
    );
  });

  test('may have nothing to migrate, of which a warning tells', async () => {
    const { warnings } = await build({ migrations: {} });
    expect(warnings).toEqual(['prisma/migrations is empty: there is nothing to migrate, ever']);
  });

  test('warns if its cache cannot be written, unless a copy is served', async () => {
    const app = await createStandalone({ files: { '.next/cache': 'a file where a folder should be' } });
    expect(readBuild(app.dir, config).warnings).toEqual([
      expect.stringMatching(/^\.next\/cache is not writable: /),
    ]);
    expect(readBuild(app.dir, { ...config, isCopied: true }).warnings).toEqual([]);
    if (process.getuid?.() === 0) return;
    await app.remove('.next/cache');
    chmodSync(app.path('.next'), 0o555);
    expect(readBuild(app.dir, config).warnings).toHaveLength(1);
    chmodSync(app.path('.next'), 0o755);
  });
});

describe('an incomplete build', () => {
  test.each([
    [['server.js'], 'server.js', 'COPY --from=builder /app/.next/standalone ./'],
    [['.next/BUILD_ID'], '.next/BUILD_ID', 'COPY --from=builder /app/.next/standalone ./'],
    [
      ['.next/required-server-files.json'],
      '.next/required-server-files.json',
      'COPY --from=builder /app/.next/standalone ./',
    ],
    [['.next/static'], '.next/static', 'COPY --from=builder /app/.next/static ./.next/static'],
    [
      ['node_modules'],
      'node_modules/next, seen from server.js',
      'COPY --from=builder /app/.next/standalone ./',
    ],
    [['prisma'], 'prisma/schema.prisma', 'COPY --from=builder /app/prisma ./prisma'],
    [['prisma/schema.prisma'], 'prisma/schema.prisma', 'COPY --from=builder /app/prisma ./prisma'],
    [['prisma/migrations'], 'prisma/migrations', 'COPY --from=builder /app/prisma ./prisma'],
    [[LOCK], LOCK, 'Commit the file that `prisma migrate` wrote'],
  ])('without %j says so, and what would copy it', async (omit, what, hint) => {
    const found = await problems({ omit });
    expect(found.map((problem) => problem.what)).toEqual([what]);
    expect(found[0]?.hint).toContain(hint);
  });

  test.each(['server.js', '.next/BUILD_ID', 'prisma/schema.prisma'])(
    'neither waits for what is not a regular file in the place of %s, nor calls it a bug',
    async (file) => {
      for (const [program, ...args] of [['mkfifo'], ['mkdir'], ['ln', '-s', '/dev/zero']]) {
        const app = await createStandalone({ omit: [file] });
        execFileSync(program ?? '', [...args, app.path(file)]);
        const env = { DATABASE_URL: 'postgresql://u:p@127.0.0.1:1/d' };
        const { code, stdout } = await runBundle({ dir: app.dir, args: ['start'], env });
        expect(code, stdout).toBe(66);
        expect(stdout).toContain(`"what":"${file}"`);
      }
    },
  );

  test('names everything that is missing at once, and lists what is there', async () => {
    const found = await problems({ omit: ['server.js', '.next', 'prisma', 'node_modules'] });
    expect(found.map(({ what }) => what)).toEqual([
      'server.js',
      '.next/required-server-files.json',
      '.next/BUILD_ID',
      'prisma/schema.prisma',
    ]);
    expect(found[0]?.details?.at(-1)).toMatch(/^In .*: entrypoint\.js, fixtures, package\.json, public$/);
  });

  test('lists no more than twenty names', async () => {
    const files = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`file-${index}`, '']));
    const [problem] = await problems({ omit: ['server.js'], files });
    expect(problem?.details?.at(-1)).toMatch(/ and \d+ more$/);
    expect(problem?.details?.at(-1)?.split(', ')).toHaveLength(20);
  });

  test('with the static files of another build names both', async () => {
    const found = await problems({ files: { '.next/BUILD_ID': 'another-build\n' } });
    expect(found).toMatchObject([
      {
        what: '.next/static/another-build',
        expected: 'the static files of build another-build',
        got: expect.stringContaining('b1Ld-0fTh3_T3sts9zarpe'),
      },
    ]);
  });

  test('finds the server of a monorepo, and looks at the rest from there', async () => {
    const app = await createStandalone();
    await cp(app.path('.next'), app.path('apps/web/.next'), { recursive: true });
    await rename(app.path('server.js'), app.path('apps/web/server.js'));
    await app.remove('.next');
    const found = problemsOf(() => readBuild(app.dir, config), 'BUILD_INCOMPLETE');
    expect(found).toMatchObject([
      { what: 'server.js', hint: 'It is at apps/web/server.js: set ENTRYPOINT_SERVER=apps/web/server.js.' },
    ]);
  });

  test('finds the server where ENTRYPOINT_SERVER says it is elsewhere', async () => {
    const found = await problems({}, { ...config, server: { file: 'apps/web/server.js' } });
    expect(found).toMatchObject([
      { what: 'apps/web/server.js', hint: expect.stringContaining('ENTRYPOINT_SERVER=server.js') },
    ]);
  });

  test('does not take a folder for a server', async () => {
    const app = await createStandalone({ omit: ['server.js'] });
    await app.write('server.js/index.js', '');
    expect(problemsOf(() => readBuild(app.dir, config), 'BUILD_INCOMPLETE')).toMatchObject([
      { what: 'server.js', got: 'a file that cannot be read' },
    ]);
  });

  test('with a link to nowhere in the place of its server has none', async () => {
    const app = await createStandalone({ omit: ['server.js'] });
    await symlink(app.path('gone.js'), app.path('server.js'));
    expect(problemsOf(() => readBuild(app.dir, config), 'BUILD_INCOMPLETE')).toMatchObject([
      { what: 'server.js' },
    ]);
  });
});

describe('a Prisma folder', () => {
  test.each([
    ['provider = "mysql"\n', 'provider = "mysql"'],
    ['# nothing\n', 'no provider'],
    ['provider = ""\n', 'provider = ""'],
  ])('with %j in its lock file is refused', async (content, got) => {
    expect(await problems({ files: { [LOCK]: content } })).toMatchObject([
      { what: LOCK, expected: 'provider = "postgresql"', got },
    ]);
  });

  test('with provider = "postgres" in its schema or lock file is one of PostgreSQL', async () => {
    const schema = SCHEMA.replace('"postgresql"', '"postgres"');
    await expect(build({ schema, files: { [LOCK]: 'provider = "postgres"\n' } })).resolves.toBeDefined();
  });

  test('of another database is refused', async () => {
    expect(await problems({ schema: SCHEMA.replace('"postgresql"', '"mysql"') })).toMatchObject([
      { what: 'prisma/schema.prisma', got: 'provider = "mysql"' },
    ]);
  });

  test.each(['packages/db/prisma', 'apps/web/prisma', 'database'])(
    'of a monorepo at %s is found, and the message names it',
    async (dir) => {
      const app = await createStandalone();
      await cp(app.path('prisma'), app.path(dir), { recursive: true });
      await app.remove('prisma');
      // A generated client carries a copy of the schema, without migrations.
      await app.write('apps/generated/schema.prisma', SCHEMA);
      const [problem, ...others] = problemsOf(() => readBuild(app.dir, config), 'BUILD_INCOMPLETE');
      expect(others).toEqual([]);
      expect(problem).toMatchObject({
        what: 'prisma/schema.prisma',
        hint: `It is at ${dir}: set ENTRYPOINT_PRISMA_DIR=${dir}. There is one at apps/generated too.`,
      });
      const { prisma } = readBuild(app.dir, { ...config, prismaDir: dir });
      expect(prisma.folder?.migrations).toHaveLength(1);
    },
  );

  test('may have its migrations anywhere, under any name', async () => {
    const app = await createStandalone();
    await cp(app.path('prisma/migrations'), app.path('sql/history'), { recursive: true });
    await app.remove('prisma/migrations');
    expect(problemsOf(() => readBuild(app.dir, config), 'BUILD_INCOMPLETE')).toMatchObject([
      {
        what: 'prisma/migrations',
        hint: expect.stringMatching(
          /^There is one at sql\/history: set ENTRYPOINT_MIGRATIONS_DIR=sql\/history\./,
        ),
      },
    ]);
    const at = { ...config, migrationsDir: 'sql/history' };
    expect(readBuild(app.dir, at).prisma.folder).toMatchObject({ dir: app.path('sql/history') });
    await app.remove('sql');
    expect(problemsOf(() => readBuild(app.dir, at), 'BUILD_INCOMPLETE')).toMatchObject([
      {
        what: 'sql/history',
        hint: expect.stringContaining('COPY --from=builder /app/sql/history ./sql/history'),
      },
    ]);
  });

  test.each([
    ["export default { migrations: { seed: 'x', path: 'db/history' } }", 'db/history'],
    [
      'export default defineConfig({\n  migrations: {\n    path: path.join(import.meta.dirname, "db", "history"),\n  },\n})',
      'db/history',
    ],
  ])('with migrations that only prisma.config names (%j) is told so', async (text, path) => {
    const found = await problems({ omit: ['prisma/migrations'], files: { 'prisma.config.ts': text } });
    expect(found).toMatchObject([
      {
        what: 'prisma/migrations',
        hint: expect.stringContaining(
          `COPY --from=builder /app/${path} ./${path}. prisma.config.ts has them in ${path}: set ENTRYPOINT_MIGRATIONS_DIR=${path}.`,
        ),
      },
    ]);
  });

  test('with the schemas of two databases asks which is meant, and takes a file', async () => {
    const app = await createStandalone({
      schema: {
        'main.prisma': SCHEMA,
        'analytics.prisma': SCHEMA.replace('datasource db', 'datasource other'),
      },
    });
    expect(problemsOf(() => readBuild(app.dir, config), 'BUILD_INCOMPLETE')).toMatchObject([
      {
        expected: 'a schema with one datasource',
        got: 'one in each of prisma/schema/analytics.prisma, prisma/schema/main.prisma',
        hint: expect.stringContaining('prisma/schema/analytics.prisma'),
      },
    ]);
    const { prisma } = readBuild(app.dir, { ...config, prismaDir: 'prisma/schema/main.prisma' });
    expect(prisma.folder?.migrations).toHaveLength(1);
    expect(
      problemsOf(
        () => readBuild(app.dir, { ...config, prismaDir: 'prisma/none.prisma' }),
        'BUILD_INCOMPLETE',
      ),
    ).toMatchObject([{ what: 'prisma/none.prisma', got: 'no such file' }]);
  });

  test('names each migration without its script', async () => {
    const found = await problems({ files: { 'prisma/migrations/0002_empty/README.md': '' } });
    expect(found).toMatchObject([
      { what: expect.stringMatching(/0002_empty\/migration\.sql$/), got: 'ENOENT' },
    ]);
  });
});

test('the boot applies migrations from where ENTRYPOINT_MIGRATIONS_DIR says they are', async () => {
  const app = await createStandalone();
  const { url, migrations } = await createDatabase();
  await rename(app.path('prisma/migrations'), app.path('history'));
  const env = { DATABASE_URL: url, ENTRYPOINT_MIGRATIONS_DIR: 'history' };
  expect((await runBundle({ dir: app.dir, args: ['migrate'], env })).code).toBe(0);
  expect(await migrations()).toHaveLength(1);
});

test('an image that is broken does not touch the database: exit 66', async () => {
  const proxy = await createProxy(await createDatabase());
  const app = await createStandalone({ omit: ['server.js', '.next/static'] });
  const url = `postgresql://someone@127.0.0.1:${proxy.port}/app`;
  for (const args of [[], ['start']]) {
    const boot = await runBundle({ dir: app.dir, args, env: { DATABASE_URL: url } });
    expect(boot.code).toBe(66);
    expect(boot.logs.at(-1)).toMatchObject({
      level: 'fatal',
      step: 'build',
      event: 'failed',
      exitStatus: 66,
      retryable: false,
      error: { code: 'BUILD_INCOMPLETE', problems: [{ what: 'server.js' }, { what: '.next/static' }] },
    });
  }
  expect(proxy.accepted).toBe(0);
});
