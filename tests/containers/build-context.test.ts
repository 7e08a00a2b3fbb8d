import { execFile } from 'node:child_process';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, inject, test } from 'vitest';
import { createFolder } from '../helpers/workspace.ts';
import './helpers/context.ts';
import { docker } from './helpers/docker.ts';

const run = promisify(execFile);

/** What lies about where people work. */
const UNWANTED = [
  '.env',
  '.env.local',
  '.env.production',
  'app/.env',
  'prisma/dev.db',
  'prisma/before.dump',
  'prisma/generated/client.ts',
  'app/server.key',
  'app/cert.pem',
  'app/page.tsx~',
  'app/.page.tsx.swp',
  'app/.DS_Store',
  'app/page.test.tsx',
  'app/node_modules/left-pad/index.js',
  'node_modules/next/package.json',
  'dist/standalone/server.js',
  '.next/BUILD_ID',
  '.zarpe/postgres/PG_VERSION',
  '.git/config',
  '.github/workflows/ci.yml',
  'secrets/postgres_password',
  'backups/daily/yesterday.dump',
  'id_rsa',
  'npm-debug.log',
  'coverage/index.html',
];

test('the build context holds what git tracks and the build reads, and nothing that lies about', async () => {
  const folder = await createFolder('context');
  await cp(inject('clone'), folder, { recursive: true });
  const before = await list(folder);
  for (const file of UNWANTED) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), 'unwanted');
  }
  const sent = await context(folder);
  expect(sent).toEqual(await context(inject('clone')));
  expect(before).toEqual(expect.arrayContaining(sent));
  expect(sent).toEqual(expect.arrayContaining(['package-lock.json', 'app/page.tsx', 'prisma/schema.prisma']));
  const folders = new Set(sent.map((file) => file.split('/')[0]));
  for (const name of ['tests', 'docs', 'docker', 'bench', '.git', '.env', '.env.example', 'Dockerfile']) {
    expect(folders).not.toContain(name);
  }
});

/** The files that reach the builder. */
async function context(folder: string): Promise<string[]> {
  const out = await createFolder('sent');
  const dockerfile = join(out, 'Dockerfile');
  await writeFile(dockerfile, 'FROM scratch\nCOPY . /\n');
  await docker(['build', '--file', dockerfile, '--output', `type=local,dest=${join(out, 'files')}`, folder]);
  const files = await list(join(out, 'files'));
  await rm(out, { recursive: true });
  return files;
}

async function list(folder: string): Promise<string[]> {
  const { stdout } = await run('find', ['.', '-type', 'f', '-printf', '%P\\n'], {
    cwd: folder,
    maxBuffer: 2 ** 24,
  });
  return stdout.trim().split('\n').sort();
}
