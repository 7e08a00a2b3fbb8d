/**
 * Once a run: starts PostgreSQL, builds the bundle and the seeds, and says where they are. `ZARPE_TEST_BUNDLE`
 * names a bundle to test instead of the one built here.
 */
import { execFile } from 'node:child_process';
import { copyFile, readdir } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import type { TestProject } from 'vitest/node';
import { launchPostgres } from './postgres-server.ts';
import './run-context.ts';
import { createFolder } from './workspace.ts';

const root = join(import.meta.dirname, '../..');

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await createFolder('run');
  const [bundle, seeds] = await Promise.all([buildBundle(folder), buildSeeds(folder)]);
  // Last, so that a build that fails leaves no server behind.
  const server = await launchPostgres();
  const { host, port, user, password } = server;
  project.provide('postgres', { host, port, user, password });
  project.provide('bundle', bundle);
  project.provide('seeds', seeds);
  return () => server.stop('immediate');
}

/** Copied, so that a build while the tests run changes nothing under them. */
async function buildBundle(folder: string): Promise<string> {
  const given = process.env.ZARPE_TEST_BUNDLE;
  if (given === undefined) await promisify(execFile)(process.execPath, ['esbuild.config.mjs'], { cwd: root });
  const copy = join(folder, 'entrypoint.js');
  await copyFile(given ?? join(root, 'dist/entrypoint.js'), copy);
  return copy;
}

async function buildSeeds(folder: string): Promise<string> {
  const source = join(root, 'tests/fixtures/seeds');
  const outdir = join(folder, 'seeds');
  const names = await readdir(source);
  await build({
    entryPoints: names.filter((name) => parse(name).ext === '.mjs').map((name) => join(source, name)),
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    // pg is CommonJS inside.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    target: 'node20',
    external: ['pg-native'],
    logLevel: 'warning',
  });
  return outdir;
}
