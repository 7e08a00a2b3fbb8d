import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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

  test('a package with native code is named, with what to do', async () => {
    const folder = await createProject({
      'package.json': {},
      'seed.ts': "import { hash } from 'bcrypt';\nvoid hash('a', 1);\n",
      'node_modules/bcrypt/package.json': { name: 'bcrypt', main: 'index.js' },
      'node_modules/bcrypt/index.js': "module.exports = require('./bcrypt.node');\n",
      'node_modules/bcrypt/bcrypt.node': '',
    });
    await symlink(join(ROOT, 'node_modules/esbuild'), join(folder, 'node_modules/esbuild'));
    const { code, stderr } = await runProgram(folder, ['bundle-seed', 'seed.ts']);
    expect(code).toBe(1);
    expect(stderr).toContain('seed.ts uses bcrypt, which contains native code');
    expect(stderr).toContain('--external bcrypt');
    const external = await runProgram(folder, ['bundle-seed', 'seed.ts', '--external', 'bcrypt']);
    expect(external.code).toBe(0);
    expect(await readFile(join(folder, 'seed.js'), 'utf8')).toContain('bcrypt');
  });

  test('a client that Prisma generated with an engine of its own stays outside, at its place', async () => {
    const folder = await createProject({
      'package.json': {},
      'prisma/seed.ts': "import { PrismaClient } from '../generated/client';\nnew PrismaClient();\n",
      'generated/client/index.js':
        "exports.PrismaClient = class { constructor() { console.log('from', __dirname); } };\n",
      'generated/client/schema.prisma': '',
    });
    await mkdir(join(folder, 'node_modules'));
    await symlink(join(ROOT, 'node_modules/esbuild'), join(folder, 'node_modules/esbuild'));
    expect((await runProgram(folder, ['bundle-seed', 'prisma/seed.ts'])).code).toBe(0);
    const dir = await createFolder('deployed');
    await cp(join(folder, 'seed.js'), join(dir, 'seed.js'));
    await cp(join(folder, 'generated'), join(dir, 'generated'), { recursive: true });
    const { stdout } = await run(process.execPath, ['seed.js'], {
      cwd: dir,
      env: markedEnvironment('seed', {}),
    });
    expect(stdout).toBe(`from ${join(dir, 'generated/client')}\n`);
  });

  test.for([
    ['no file', [], 'bundle-seed takes one file'],
    ['a file that is missing', ['nowhere.ts'], 'There is no file nowhere.ts'],
    ['a source with a mistake', ['broken.ts'], 'broken.ts could not be bundled'],
  ] as const)('%s is said in a sentence', async ([, args, expected]) => {
    const folder = await createProject({ 'package.json': {}, 'broken.ts': 'const = 1' });
    await mkdir(join(folder, 'node_modules'));
    await symlink(join(ROOT, 'node_modules/esbuild'), join(folder, 'node_modules/esbuild'));
    const { code, stderr } = await runProgram(folder, ['bundle-seed', ...args]);
    expect(code).toBe(1);
    expect(stderr).toContain(expected);
  });
});
