import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../../../scripts/build/paths.mjs';
import { createDatabase } from '../../helpers/database.ts';
import { createFolder, markedEnvironment } from '../../helpers/workspace.ts';
import { createProject, runProgram } from './run-program.ts';

const run = promisify(execFile);

/** A schema with the client of Prisma’s generator in one of the forms that its options give it. */
const schema = (options: string) => `generator client {
  provider = "prisma-client"
  output   = "../generated"
  ${options}
}
datasource db {
  provider = "postgresql"
}
model User {
  id    Int    @id
  email String
}
`;
const SEED = `import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '../generated/client';
const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: process.env.DATABASE_URL }) });
async function main() {
  await prisma.user.create({ data: { id: 1, email: 'ana@example.com' } });
}
`;
const ENDINGS = {
  'a promise that is not awaited': 'main().finally(() => prisma.$disconnect());\n',
  'an await at its top level': 'await main();\nawait prisma.$disconnect();\n',
  'a question whether it was started by itself':
    'if (require.main === module) void main().finally(() => prisma.$disconnect());\n',
} as const;

/** A project whose packages are those of this repository, with a generated client. */
async function createSeedProject(options: string, seed: string): Promise<string> {
  const folder = await createProject({
    'package.json': { type: 'module' },
    'prisma/schema.prisma': schema(options),
    'prisma/seed.ts': seed,
  });
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  await run(process.execPath, ['node_modules/prisma/build/index.js', 'generate'], {
    cwd: folder,
    env: markedEnvironment('generate', {
      PATH: process.env.PATH,
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    }),
  });
  return folder;
}

/** A folder as an image has it: the bundle alone, without packages. */
async function deploy(folder: string, type: object): Promise<{ dir: string; file: string }> {
  const dir = await createFolder('deployed');
  const [file = ''] = (await readdir(folder)).filter((name) => /^seed\.m?js$/.test(name));
  await rename(join(folder, file), join(dir, file));
  await writeFile(join(dir, 'package.json'), JSON.stringify(type));
  return { dir, file };
}

async function createProjectWithEsbuild(files: Record<string, string | object>): Promise<string> {
  const folder = await createProject({ 'package.json': {}, ...files });
  await mkdir(join(folder, 'node_modules'), { recursive: true });
  await symlink(join(ROOT, 'node_modules/esbuild'), join(folder, 'node_modules/esbuild'));
  return folder;
}

/** A folder with one file and nothing else. */
async function deployFile(file: string): Promise<string> {
  const dir = await createFolder('deployed');
  await cp(file, join(dir, basename(file)));
  return dir;
}

describe('bundle-seed', () => {
  test.for([
    ['', 'a promise that is not awaited', 'seed.js'],
    ['moduleFormat = "cjs"', 'a question whether it was started by itself', 'seed.js'],
    ['moduleFormat = "esm"', 'an await at its top level', 'seed.mjs'],
    ['compilerBuild = "small"', 'a promise that is not awaited', 'seed.js'],
  ] as const)(
    'a seed of a client with "%s" that ends with %s runs without packages',
    async ([options, ending, name]) => {
      const folder = await createSeedProject(options, SEED + ENDINGS[ending]);
      const bundled = await runProgram(folder, ['bundle-seed', 'prisma/seed.ts']);
      expect(bundled, bundled.stderr).toMatchObject({ code: 0, stderr: '' });
      for (const type of [{}, { type: 'module' }, { type: 'commonjs' }]) {
        const database = await createDatabase();
        await database.query('CREATE TABLE "User" (id int PRIMARY KEY, email text NOT NULL)');
        const { dir, file } = await deploy(folder, type);
        expect(file).toBe(name);
        await run(process.execPath, [file], {
          cwd: dir,
          env: markedEnvironment('seed', { DATABASE_URL: database.url }),
        });
        expect(await database.query('SELECT email FROM "User"')).toEqual([{ email: 'ana@example.com' }]);
        await rename(join(dir, file), join(folder, file));
      }
    },
  );

  test.for([
    ['a .node file', {}, "module.exports = require('./bcrypt.node');"],
    ['node-gyp-build', { dependencies: { 'node-gyp-build': '4' } }, 'module.exports = load(__dirname);'],
    ['node-pre-gyp', { binary: { module_name: 'x' } }, 'module.exports = load(__dirname);'],
    ['packages for one system', { optionalDependencies: { 'b-linux-x64-gnu': '1' } }, 'module.exports = {};'],
  ] as const)('a package with native code is named, with what to do: %s', async ([, manifest, source]) => {
    const folder = await createProjectWithEsbuild({
      'seed.ts': "import { hash } from 'bcrypt';\nvoid hash('a', 1);\n",
      'node_modules/bcrypt/package.json': { name: 'bcrypt', main: 'index.js', ...manifest },
      'node_modules/bcrypt/index.js': source,
      'node_modules/bcrypt/bcrypt.node': '',
    });
    const { code, stderr } = await runProgram(folder, ['bundle-seed', 'seed.ts']);
    expect(code).toBe(1);
    expect(stderr).toContain('seed.ts uses bcrypt, which contains native code');
    expect(stderr).toContain('Use bcryptjs, which');
    expect(stderr).toContain('--standalone .next/standalone');
    const external = await runProgram(folder, ['bundle-seed', 'seed.ts', '--external', 'bcrypt']);
    expect(external.code).toBe(0);
    expect(await readFile(join(folder, 'seed.js'), 'utf8')).toContain('bcrypt');
  });

  test.for(['seed.js', 'seed.mjs'])(
    'a package with native code that the standalone build has is used from there: %s',
    async (name) => {
      const place = 'node_modules/.pnpm/bcrypt@6/node_modules';
      const packages = {
        [`${place}/bcrypt/package.json`]: {
          main: 'bcrypt.js',
          dependencies: { 'node-gyp-build': '4' },
        },
        [`${place}/bcrypt/bcrypt.js`]:
          "const { load } = require('node-gyp-build');\nfunction hash() { return load(__dirname); }\nmodule.exports = { hash };\n",
        [`${place}/node-gyp-build/package.json`]: { main: 'index.js' },
        [`${place}/node-gyp-build/index.js`]: 'exports.load = (folder) => `native code of ${folder}`;\n',
      };
      const end = name === 'seed.mjs' ? 'await 1;\n' : '';
      const folder = await createProjectWithEsbuild({
        'prisma/seed.ts': `import { hash } from 'bcrypt';\nconsole.log(hash());\n${end}`,
        ...packages,
        '.next/standalone/server.js': '',
      });
      await symlink(join(folder, place, 'bcrypt'), join(folder, 'node_modules/bcrypt'));
      const args = ['bundle-seed', 'prisma/seed.ts', '--standalone', '.next/standalone'];
      const without = await runProgram(folder, args);
      expect(without.stderr).toContain('uses bcrypt, which contains native code');
      const image = join(folder, '.next/standalone');
      await cp(join(folder, 'node_modules/.pnpm'), join(image, 'node_modules/.pnpm'), { recursive: true });
      expect(await runProgram(folder, args)).toMatchObject({ code: 0, stderr: '' });
      await cp(join(folder, name), join(image, name));
      const { stdout } = await run(process.execPath, [name], {
        cwd: image,
        env: markedEnvironment('seed', {}),
      });
      expect(stdout).toBe(`native code of ${join(image, place, 'bcrypt')}\n`);
    },
  );

  test('native code that a package does without stays outside', async () => {
    const folder = await createProjectWithEsbuild({
      'seed.js': "console.log(require('ws'));\n",
      'node_modules/ws/package.json': {
        main: 'index.js',
        peerDependenciesMeta: { bufferutil: { optional: true } },
      },
      'node_modules/ws/index.js': "try { require('bufferutil'); } catch { module.exports = 'without'; }\n",
      'node_modules/bufferutil/package.json': { main: 'index.js' },
      'node_modules/bufferutil/index.js': '',
      'node_modules/bufferutil/binding.gyp': '',
    });
    const bundled = await runProgram(folder, ['bundle-seed', 'seed.js', '--out', 'out/seed.js']);
    expect(bundled, bundled.stderr).toMatchObject({ code: 0 });
    const { stdout } = await run(process.execPath, ['seed.js'], {
      cwd: join(await deployFile(join(folder, 'out/seed.js'))),
      env: markedEnvironment('seed', {}),
    });
    expect(stdout).toBe('without\n');
  });

  test.for([
    ['a path', '../generated/client', 'seed.js'],
    ['an alias', '@/db', 'seed.js'],
    ['an alias in an ES module', '@/db', 'seed.mjs'],
    ['an alias named as the package', '@prisma/client', 'seed.js'],
  ] as const)(
    'a client that Prisma generated with an engine of its own stays outside, at its place: %s',
    async ([, name, output]) => {
      const end = output === 'seed.mjs' ? 'await 1;\n' : '';
      const folder = await createProjectWithEsbuild({
        'tsconfig.json': {
          compilerOptions: {
            paths: { '@/db': ['./generated/client'], '@prisma/client': ['./generated/client'] },
          },
        },
        'prisma/seed.ts': `import { PrismaClient } from '${name}';\nnew PrismaClient();\n${end}`,
        'generated/client/index.js':
          "exports.PrismaClient = class { constructor() { console.log('from', __dirname); } };\n",
        'generated/client/schema.prisma': '',
      });
      const bundled = await runProgram(folder, ['bundle-seed', 'prisma/seed.ts']);
      expect(bundled, bundled.stderr).toMatchObject({ code: 0 });
      const dir = await deployFile(join(folder, output));
      await cp(join(folder, 'generated'), join(dir, 'generated'), { recursive: true });
      const { stdout } = await run(process.execPath, [output], {
        cwd: dir,
        env: markedEnvironment('seed', {}),
      });
      expect(stdout).toBe(`from ${join(dir, 'generated/client')}\n`);
    },
  );

  test('an alias for the package stays outside too, at the place where a package manager put it', async () => {
    const place = 'node_modules/.pnpm/@prisma+client@6/node_modules/@prisma/client';
    const folder = await createProjectWithEsbuild({
      'tsconfig.json': { compilerOptions: { paths: { '@db': ['./node_modules/@prisma/client'] } } },
      'prisma/seed.ts': "import { PrismaClient } from '@db';\nnew PrismaClient();\n",
      [`${place}/package.json`]: { main: 'default.js' },
      [`${place}/default.js`]:
        "exports.PrismaClient = class { constructor() { console.log('from', __dirname); } };\n",
    });
    await mkdir(join(folder, 'node_modules/@prisma'));
    await symlink(join(folder, place), join(folder, 'node_modules/@prisma/client'));
    const bundled = await runProgram(folder, ['bundle-seed', 'prisma/seed.ts']);
    expect(bundled, bundled.stderr).toMatchObject({ code: 0 });
    const dir = await deployFile(join(folder, 'seed.js'));
    await cp(join(folder, place), join(dir, place), { recursive: true });
    const { stdout } = await run(process.execPath, ['seed.js'], {
      cwd: dir,
      env: markedEnvironment('seed', {}),
    });
    expect(stdout).toBe(`from ${join(dir, place)}\n`);
  });

  test.for([
    ['seed.js', 'void 0;\n', ['seed.js']],
    ['seed.mjs', 'await 1;\n', ['seed.mjs']],
    ['seed.js that would run in place of seed.mjs', 'await 1;\n', ['seed.js']],
    ['seed.js that is the source', undefined, ['seed.js']],
    ['a link to a file elsewhere', 'void 0;\n', ['seed.js']],
  ] as const)(
    'a file that it did not make stays, and nothing is written: %s',
    async ([title, source, [name]]) => {
      const elsewhere = join(await createFolder('elsewhere'), 'mine.js');
      const folder = await createProjectWithEsbuild(source === undefined ? {} : { 'src/seed.ts': source });
      await writeFile(elsewhere, 'mine();\n');
      if (title.startsWith('a link')) await symlink(elsewhere, join(folder, name));
      else await writeFile(join(folder, name), 'mine();\n');
      const before = await readdir(folder);
      const { code, stderr } = await runProgram(folder, [
        'bundle-seed',
        source === undefined ? name : 'src/seed.ts',
      ]);
      expect(code).toBe(1);
      expect(stderr).toContain(`${name} exists, and bundle-seed did not make it`);
      expect(stderr).toContain('--out .seed/seed.js');
      expect(await readFile(join(folder, name), 'utf8')).toBe('mine();\n');
      expect(await readdir(folder)).toEqual(before);
    },
  );

  test('a new bundle takes the place of the old one, also where only one of them is an ES module', async () => {
    const folder = await createProjectWithEsbuild({});
    const bundle = async (text: string) => {
      await writeFile(join(folder, 'source.ts'), text);
      const { code, stdout, stderr } = await runProgram(folder, ['bundle-seed', 'source.ts']);
      expect(code, stderr).toBe(0);
      return { stdout, seeds: (await readdir(folder)).filter((name) => name.startsWith('seed.')) };
    };
    expect((await bundle("console.log('first');\n")).seeds).toEqual(['seed.js']);
    expect((await bundle("#!/usr/bin/env node\nconsole.log('second');\n")).seeds).toEqual(['seed.js']);
    const third = await bundle("await 1;\nconsole.log('third');\n");
    expect(third).toEqual({
      seeds: ['seed.mjs'],
      stdout: expect.stringContaining('seed.js removed: it was an earlier bundle.'),
    });
    const fourth = await bundle("console.log('fourth');\n");
    expect(fourth).toEqual({ seeds: ['seed.js'], stdout: expect.stringContaining('seed.mjs removed') });
    expect(await readFile(join(folder, 'seed.js'), 'utf8')).toContain('fourth');
  });

  test('a source in an ES module beside its bundle stays', async () => {
    const folder = await createProjectWithEsbuild({ 'seed.mjs': 'void 0;\n' });
    expect((await runProgram(folder, ['bundle-seed', 'seed.mjs'])).code).toBe(0);
    expect(await readFile(join(folder, 'seed.mjs'), 'utf8')).toBe('void 0;\n');
  });

  test.for(['a named pipe', 'a folder'])('%s in its place is named', async (kind) => {
    const folder = await createProjectWithEsbuild({ 'source.ts': 'void 0;\n' });
    await run(kind === 'a folder' ? 'mkdir' : 'mkfifo', [join(folder, 'seed.js')]);
    const { code, stderr } = await runProgram(folder, ['bundle-seed', 'source.ts']);
    expect(code).toBe(1);
    expect(stderr).toContain(`seed.js cannot be read (${kind})`);
  });

  test('a place that cannot be written to is said', async () => {
    const folder = await createProjectWithEsbuild({ 'source.ts': 'void 0;\n', out: 'a file\n' });
    const { code, stderr } = await runProgram(folder, ['bundle-seed', 'source.ts', '--out', 'out/seed.js']);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^out\/seed\.js could not be written \(E[A-Z]+\)\.\nRemove the cause/),
    });
  });

  test.for([
    ['no file', [], 'bundle-seed takes one file'],
    ['a file that is missing', ['nowhere.ts'], 'There is no file nowhere.ts'],
    ['a source with a mistake', ['broken.ts'], 'broken.ts could not be bundled'],
    ['no build', ['broken.ts', '--standalone', 'out'], 'There is no standalone build in out'],
  ] as const)('%s is said in a sentence', async ([, args, expected]) => {
    const folder = await createProjectWithEsbuild({ 'broken.ts': 'const = 1' });
    const { code, stderr } = await runProgram(folder, ['bundle-seed', ...args]);
    expect(code).toBe(1);
    expect(stderr).toContain(expected);
  });
});
