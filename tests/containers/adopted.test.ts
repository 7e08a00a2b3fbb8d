import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { onCleanup } from '../helpers/cleanup.ts';
import { createFolder, markedEnvironment } from '../helpers/workspace.ts';
import './helpers/context.ts';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { docker, tryDocker } from './helpers/docker.ts';
import { createName } from './helpers/names.ts';

const run = promisify(execFile);
const APP = ['app', 'public', 'prisma', 'proxy.ts', 'tsconfig.json', 'package-lock.json'];
const PASSWORD = 'a p@ss:w/ord#of-the-database';
const PRISMA_CONFIG = `import { defineConfig, env } from 'prisma/config';
export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations', seed: 'tsx prisma/seed.ts' },
  datasource: { url: env('DATABASE_URL') },
});
`;
/** Those that wrote the lockfiles of the small app, by the names of their folders. */
const PACKAGE_MANAGERS = {
  pnpm: 'pnpm@10.24.0',
  yarn: 'yarn@4.18.1',
  'yarn-classic': 'yarn@1.22.22',
  bun: 'bun@1.4.5',
};
type PackageManager = keyof typeof PACKAGE_MANAGERS;

/** What another user than root owns or may write to in the folder of the app, and how many files the compile cache has. */
const LIST_CHANGEABLE = `const { lstatSync, readdirSync } = require('fs');
const paths = [];
let compiled = 0;
const visit = (path) => {
  const stat = lstatSync(path);
  if (path.includes('.compile-cache/') && stat.isFile()) compiled += 1;
  if (stat.uid !== 0 || (!stat.isSymbolicLink() && stat.mode & 0o022)) return paths.push(path.slice(2));
  if (stat.isDirectory()) for (const name of readdirSync(path)) visit(path + '/' + name);
};
visit('.');
console.log(JSON.stringify({ paths, compiled }));`;

test('what init writes for an app that has no Dockerfile is built, started with its database and backups, and healthy', async () => {
  const app = await createApp();
  // As umask 002 and umask 077 leave it: others may not read, the group of OpenShift's users may write.
  await run('chmod', ['-R', 'g+w,o-rwx', app]);
  const { logs, query, get, uid, changeable } = await adopt(app, 'shop');
  expect(await query('SELECT email FROM users')).toBe('admin@example.com');
  expect(Number(await query('SELECT count(*) FROM _prisma_migrations'))).toBeGreaterThanOrEqual(3);
  expect(await get('/api/health')).toMatchObject({ status: 'healthy' });
  expect(await logs()).not.toContain(PASSWORD);
  expect(await uid()).toBe('1001');
  const { paths, compiled } = await changeable();
  expect(paths).toEqual(['.next/cache']);
  expect(compiled).toBeGreaterThan(10);
});

test.each(Object.keys(PACKAGE_MANAGERS) as PackageManager[])(
  'so is an app of %s and Prisma 6 with a base path, another build folder, and native code in the app and in its seed',
  async (manager) => {
    const { query, get } = await adopt(await createSmallApp(manager), 'shop_six');
    expect(await query('SELECT count(*) FROM _prisma_migrations WHERE finished_at IS NOT NULL')).toBe('1');
    expect(await query("SELECT hash LIKE '$2b$04$%' FROM users")).toBe('t');
    expect(await get('/shop/api/users')).toEqual({ users: [{ id: 1 }], isPassword: true });
    expect(await get('/shop/api/health')).toEqual({ status: 'healthy' });
  },
);

test('a database whose first start was refused is not healthy at the next one', async () => {
  const { compose } = await initialise(await createSmallApp('pnpm'));
  const env = { POSTGRES_PASSWORD: 'first-line\nsecond-line' };
  onCleanup(async () => {
    await docker([...compose, 'down', '--volumes', '--timeout', '0'], { env });
  });
  await docker([...compose, 'up', '--detach', 'postgres'], { env });
  const id = await docker([...compose, 'ps', '--all', '--quiet', 'postgres'], { env });
  const inspected = await docker(['inspect', '--format', '{{json .Config.Healthcheck.Test}}', id]);
  const [, check = ''] = JSON.parse(inspected);
  // Its restart policy starts it again, with a data folder that is no longer empty.
  await expect
    .poll(() => tryDocker(['exec', id, 'sh', '-c', check]), { timeout: 60_000 })
    .toMatchObject({
      code: 1,
      stdout: expect.stringContaining(
        'the role shop_six must own the database shop_six and be no superuser: init-db.sql failed',
      ),
    });
  expect(await docker([...compose, 'logs', 'postgres'], { env })).toContain(
    'POSTGRES_PASSWORD contains a line break',
  );
});

/** Runs init in a project and starts what it wrote, until everything is healthy. */
async function adopt(folder: string, database: string) {
  const { compose } = await initialise(folder);
  const env = { POSTGRES_PASSWORD: PASSWORD, APP_PORT: '0' };
  onCleanup(async () => {
    await docker([...compose, 'down', '--volumes', '--timeout', '0'], { env });
    await docker(['rmi', '--force', `${database}:latest`]);
  });
  const started = await tryDocker([...compose, 'up', '--detach', '--build', '--wait'], { env });
  expect(started.code, started.stderr).toBe(0);
  const ask = (...args: string[]) => docker([...compose, ...args], { env });
  return {
    query: (sql: string) =>
      ask('exec', '-T', 'postgres', 'psql', '-qAtU', 'postgres', '-d', database, '-c', sql),
    logs: () => ask('logs', 'app'),
    uid: () => ask('exec', '-T', 'app', 'node', '-p', 'process.getuid()'),
    changeable: async () => JSON.parse(await ask('exec', '-T', 'app', 'node', '-e', LIST_CHANGEABLE)),
    get: async (path: string) => {
      const response = await fetch(`http://${await ask('port', 'app', '3000')}${path}`);
      return response.json();
    },
  };
}

/** Runs init in a project: the command that runs the Compose file it wrote. */
async function initialise(folder: string) {
  const environment = markedEnvironment('init', { PATH: process.env.PATH });
  await run(process.execPath, [join(await unpackPackage(), 'zarpe.mjs'), 'init', '--yes'], {
    cwd: folder,
    env: environment,
  });
  const file = join(folder, 'docker-compose.yml');
  return { compose: ['compose', '--project-name', createName('adopted'), '--file', file] };
}

/** The reference app as somebody else's: nothing of Zarpe in it, no standalone output, the seed in TypeScript. */
async function createApp(): Promise<string> {
  const clone = inject('clone');
  const folder = await createFolder('adopted');
  for (const path of APP) await cp(join(clone, path), join(folder, path), { recursive: true });
  await rm(join(folder, 'prisma/generated'), { recursive: true, force: true });
  const manifest = JSON.parse(await readFile(join(clone, 'package.json'), 'utf8'));
  const foreign = { ...manifest, name: 'shop', scripts: { build: 'next build' } };
  await writeFile(join(folder, 'package.json'), JSON.stringify(foreign, null, 2));
  await writeFile(join(folder, 'prisma.config.ts'), PRISMA_CONFIG);
  const config = await readFile(join(clone, 'next.config.ts'), 'utf8');
  expect(config).toContain("  output: 'standalone',\n");
  await writeFile(join(folder, 'next.config.ts'), config.replace("  output: 'standalone',\n", ''));
  return folder;
}

/** A small app with Prisma 6, as one of the package managers leaves it. */
async function createSmallApp(manager: PackageManager): Promise<string> {
  const fixtures = join(import.meta.dirname, 'fixtures');
  const folder = await createFolder('adopted');
  await cp(join(fixtures, 'prisma-6'), folder, { recursive: true });
  await cp(join(fixtures, 'prisma-6-lockfiles', manager), folder, { recursive: true });
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const named = { ...manifest, packageManager: PACKAGE_MANAGERS[manager] };
  await writeFile(join(folder, 'package.json'), JSON.stringify(named, null, 2));
  return folder;
}

async function unpackPackage(): Promise<string> {
  const root = join(import.meta.dirname, '../..');
  const folder = await createFolder('package');
  await run(process.execPath, ['scripts/package.mjs', '--quick'], { cwd: root });
  await run('npm', ['pack', '--silent', '--pack-destination', folder, join(root, 'dist/package')], {
    cwd: folder,
  });
  const { stdout } = await run('ls', [folder]);
  await run('tar', ['-xzf', stdout.trim()], { cwd: folder });
  return join(folder, 'package');
}
