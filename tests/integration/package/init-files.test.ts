/** The files of `zarpe init`: which it writes, and that it touches no other. */
import { execFile } from 'node:child_process';
import { chmod, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createFolder } from '../../helpers/workspace.ts';
import { createProject, runProgram } from './run-program.ts';

const PROJECT = {
  'package.json': { name: 'shop', dependencies: { next: '16.0.0' }, devDependencies: { prisma: '7.0.0' } },
  'package-lock.json': '{}',
  'app/page.jsx': '',
  'prisma/schema.prisma': 'datasource db {\n  provider = "postgresql"\n}\n',
};

const isGenerated = (text: string) => text.startsWith('ARG NODE_IMAGE=');

describe('a file that init writes', () => {
  test('replaces none of a name beside it, and is not written through a link that waits there', async () => {
    const folder = await createProject({
      ...PROJECT,
      Dockerfile: 'FROM scratch\n',
      'Dockerfile.unfinished': 'mine\n',
    });
    const victim = join(await createFolder('home'), '.profile');
    await writeFile(victim, 'mine\n');
    await symlink(victim, join(folder, '.env.example.unfinished'));
    await symlink(victim, join(folder, 'Dockerfile.before-zarpe'));
    const { code, stderr } = await runProgram(folder, ['init', '--yes']);
    expect(code, stderr).toBe(0);
    expect(await readFile(victim, 'utf8')).toBe('mine\n');
    expect(await readFile(join(folder, 'Dockerfile.unfinished'), 'utf8')).toBe('mine\n');
    expect(await readFile(join(folder, 'Dockerfile.before-zarpe.2'), 'utf8')).toBe('FROM scratch\n');
    expect(await readFile(join(folder, 'Dockerfile'), 'utf8')).toSatisfy(isGenerated);
  });

  test('keeps the permissions of the one that it replaces', async () => {
    const folder = await createProject({ ...PROJECT, '.env.example': "A=''\n" });
    await chmod(join(folder, '.env.example'), 0o600);
    expect((await runProgram(folder, ['init', '--yes'])).code).toBe(0);
    expect((await stat(join(folder, '.env.example'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, '.env.example.before-zarpe'))).mode & 0o777).toBe(0o600);
  });

  test('is the one that a link within the project leads to, which is named, and the link stays', async () => {
    const folder = await createProject({ ...PROJECT, 'build/Dockerfile': 'FROM scratch\n' });
    await symlink('build/Dockerfile', join(folder, 'Dockerfile'));
    const { code, stdout } = await runProgram(folder, ['init', '--yes']);
    expect(code).toBe(0);
    expect(stdout).toContain('Dockerfile -> build/Dockerfile');
    expect((await lstat(join(folder, 'Dockerfile'))).isSymbolicLink()).toBe(true);
    expect(await readFile(join(folder, 'build/Dockerfile'), 'utf8')).toSatisfy(isGenerated);
    expect(await readFile(join(folder, 'build/Dockerfile.before-zarpe'), 'utf8')).toBe('FROM scratch\n');
  });

  test('that cannot be replaced leaves nothing half-written', async () => {
    const folder = await createProject({ ...PROJECT, docker: 'a file\n' });
    const { code, stderr } = await runProgram(folder, ['init', '--yes']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^docker\/backup\.sh could not be written \(E[A-Z]+\)\.\nFiles before it/);
    expect((await readdir(folder)).filter((name) => /[0-9a-f]{8}-/.test(name))).toEqual([]);
  });
});

describe('init writes nothing, and says why,', () => {
  test.for([
    ['a file', '.env.example'],
    ['a folder', 'docker'],
    ['a folder above', 'app'],
  ] as const)('where %s is a link that leads out of the project: %s', async ([, path]) => {
    const outside = await createFolder('outside');
    const { 'app/page.jsx': _, ...others } = PROJECT;
    const folder = await createProject(others);
    const target = path === '.env.example' ? join(outside, '.bashrc') : outside;
    if (path === '.env.example') await writeFile(target, 'A=1\n');
    await symlink(target, join(folder, path));
    const before = await readdir(folder);
    const { code, stderr } = await runProgram(folder, ['init', '--yes']);
    expect(code).toBe(1);
    expect(stderr).toContain(`${path}`);
    expect(stderr).toContain(`leads out of the project: a symbolic link makes it ${target}`);
    expect(await readdir(folder)).toEqual(before);
    expect(await readdir(outside)).toEqual(path === '.env.example' ? ['.bashrc'] : []);
  });

  test('where a link leads nowhere', async () => {
    const folder = await createProject(PROJECT);
    await symlink('nowhere', join(folder, 'docker'));
    const { code, stderr } = await runProgram(folder, ['init', '--yes']);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `${join(folder, 'docker')} cannot be read (ENOENT).\nMake it a readable file, or remove it.\n`,
    });
  });

  test.for(['.dockerignore', 'package.json', 'zarpe.config.json'])(
    'where %s is a named pipe',
    async (file) => {
      const { 'package.json': manifest, ...others } = PROJECT;
      const folder = await createProject(file === 'package.json' ? others : PROJECT);
      await promisify(execFile)('mkfifo', [join(folder, file)]);
      const { code, stderr } = await runProgram(folder, ['init', '--yes']);
      expect(code).toBe(1);
      expect(stderr).toContain(`${file} cannot be read (a named pipe)`);
    },
  );
});

test('a project that is reached through a link is written to', async () => {
  const folder = await createProject(PROJECT);
  const link = join(await createFolder('links'), 'project');
  await mkdir(join(folder, 'docker'));
  await symlink(folder, link);
  expect((await runProgram(link, ['init', '--yes'])).code).toBe(0);
  expect(await readFile(join(folder, 'Dockerfile'), 'utf8')).toSatisfy(isGenerated);
});
