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
const PRISMA_CONFIG = `import { defineConfig, env } from 'prisma/config';
export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations', seed: 'tsx prisma/seed.ts' },
  datasource: { url: env('DATABASE_URL') },
});
`;

test('what init writes for an app that has no Dockerfile is built, started with its database and backups, and healthy', async () => {
  const folder = await createApp();
  const environment = markedEnvironment('init', { PATH: process.env.PATH });
  await run(process.execPath, [join(await unpackPackage(), 'zarpe.mjs'), 'init', '--yes'], {
    cwd: folder,
    env: environment,
  });
  const name = createName('adopted');
  const password = `a p@ss:w/ord#${name}`;
  const compose = ['compose', '--project-name', name, '--file', join(folder, 'docker-compose.yml')];
  const env = { POSTGRES_PASSWORD: password, APP_PORT: '0' };
  onCleanup(async () => {
    await docker([...compose, 'down', '--volumes', '--timeout', '0'], { env });
    await docker(['rmi', '--force', 'shop:latest']);
  });
  const started = await tryDocker([...compose, 'up', '--detach', '--build', '--wait'], { env });
  expect(started.code, started.stderr).toBe(0);
  const query = (sql: string) =>
    docker([...compose, 'exec', '-T', 'postgres', 'psql', '-qAtU', 'postgres', '-d', 'shop', '-c', sql], {
      env,
    });
  expect(await query('SELECT email FROM users')).toBe('admin@example.com');
  expect(Number(await query('SELECT count(*) FROM _prisma_migrations'))).toBeGreaterThanOrEqual(3);
  const address = await docker([...compose, 'port', 'app', '3000'], { env });
  const health = await fetch(`http://${address}/api/health`);
  expect(await health.json()).toMatchObject({ status: 'healthy' });
  const logs = await docker([...compose, 'logs', 'app'], { env });
  expect(logs).not.toContain(password);
  const image = await docker([...compose, 'exec', '-T', 'app', 'node', '-p', 'process.getuid()'], { env });
  expect(image).toBe('1001');
});

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
