/** Once a run: builds both images from a clean clone, with a secret lying in it, and removes them at the end. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';
import './helpers/context.ts';
import { docker, tryDocker } from './helpers/docker.ts';
import { isInSwarm, leaveSwarm } from './helpers/swarm-membership.ts';

const root = join(import.meta.dirname, '../..');

export const BUILD_ARGS = { REVISION: '0123abc', VERSION: '9.8.7', CREATED: '2026-01-02T03:04:05Z' };

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await requireEngine();
  const wasInSwarm = await isInSwarm();
  const run = randomBytes(3).toString('hex');
  const canary = `canary-${randomBytes(8).toString('hex')}`;
  const clone = await cloneRepository();
  await writeFile(join(clone, '.env'), `POSTGRES_PASSWORD=${canary}\n`);
  const images = { image: `zarpe-${run}:runner`, distroless: `zarpe-${run}:distroless` };
  await build(clone, 'runner', images.image);
  await build(clone, 'distroless', images.distroless);
  for (const [name, value] of Object.entries({ run, canary, clone, ...images }) as [
    keyof typeof images,
    string,
  ][]) {
    project.provide(name, value);
  }
  return async () => {
    await removeLeftovers(`dev.zarpe.test=${run}`);
    if (!wasInSwarm && (await isInSwarm())) await leaveSwarm();
    await docker(['rmi', '--force', ...Object.values(images)]);
    await rm(clone, { recursive: true, force: true });
  };
}

async function requireEngine(): Promise<void> {
  const { code, stderr } = await tryDocker(['version']);
  if (code !== 0) throw new Error(`these tests need a Docker engine:\n${stderr}`);
}

/** What git tracks, and what it would track: a change that is not committed yet is tested as well. */
async function cloneRepository(): Promise<string> {
  const clone = await mkdtemp(join(tmpdir(), 'zarpe-clone-'));
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const { stdout } = await promisify(execFile)('git', list, { cwd: root, maxBuffer: 2 ** 26 });
  const files = stdout.split('\0').filter((file) => file !== '');
  for (const file of files) {
    await mkdir(dirname(join(clone, file)), { recursive: true });
    await cp(join(root, file), join(clone, file)).catch(ignoreRemoved);
  }
  return clone;
}

/** Tracked by git, and removed in the working tree. */
function ignoreRemoved(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

async function build(context: string, target: string, tag: string): Promise<void> {
  const args = Object.entries(BUILD_ARGS).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
  await docker(['build', '--target', target, '--tag', tag, ...args, context]);
}

/** Tests clean up after themselves; what one that was cut short left behind goes here. */
async function removeLeftovers(label: string): Promise<void> {
  const filter = ['--quiet', '--filter', `label=${label}`];
  const lists: [list: string[], remove: string[]][] = [
    [
      ['ps', '--all', ...filter],
      ['rm', '--force', '--volumes'],
    ],
    [
      ['volume', 'ls', ...filter],
      ['volume', 'rm', '--force'],
    ],
    [
      ['network', 'ls', ...filter],
      ['network', 'rm'],
    ],
    [
      ['image', 'ls', ...filter],
      ['rmi', '--force'],
    ],
  ];
  for (const [list, remove] of lists) {
    const found = (await docker(list)).split('\n').filter((id) => id !== '');
    if (found.length > 0) await docker([...remove, ...new Set(found)]);
  }
}
