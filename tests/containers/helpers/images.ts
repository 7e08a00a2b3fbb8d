/**
 * An image made of another one and some files, in a second: the tests' servers, migrations that take their time.
 *
 *     const image = await deriveImage({ server: 'polite' });
 *     const image = await deriveImage({ from: inject('distroless'), migrations: { '2099_more': 'CREATE TABLE …' } });
 *     const image = await deriveImage({ files: { 'seed.js': '…' }, remove: ['server.js'] });
 *     const image = await deriveImage({ files, run: [['node', 'entrypoint.js', 'find-placeholders']] });
 */
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { inject } from 'vitest';
import { onCleanup } from '../../helpers/cleanup.ts';
import { createFolder } from '../../helpers/workspace.ts';
import './context.ts';
import { docker } from './docker.ts';
import { createName, runLabel } from './names.ts';

export interface DerivedImage {
  /** The default is the built image. */
  from?: string;
  /** A program of `tests/fixtures/servers` or `tests/containers/fixtures`, in the place of Next's server. */
  server?: string;
  /** Paths in the app's folder to their text. */
  files?: Record<string, string>;
  /** Folder name to `migration.sql`, beside those that are there. */
  migrations?: Record<string, string>;
  /** Paths in the app's folder to take out. */
  remove?: string[];
  /** Commands of the build, as root. */
  run?: string[][];
}

const FIXTURES = [
  join(import.meta.dirname, '../../fixtures/servers'),
  join(import.meta.dirname, '../fixtures'),
];

export async function deriveImage(options: DerivedImage): Promise<string> {
  const context = await createFolder('image');
  onCleanup(() => rm(context, { recursive: true }));
  const app = join(context, 'app');
  await mkdir(app);
  for (const [path, text] of Object.entries(filesOf(options))) {
    await mkdir(dirname(join(app, path)), { recursive: true });
    await writeFile(join(app, path), text);
  }
  if (options.server !== undefined) {
    for (const folder of FIXTURES) await cp(folder, join(app, 'fixtures'), { recursive: true });
  }
  await writeFile(join(context, 'Dockerfile'), dockerfile(options));
  const tag = `${createName('image')}:test`;
  await docker(['build', '--quiet', '--label', runLabel(), '--tag', tag, context]);
  onCleanup(async () => {
    await docker(['rmi', '--force', tag]);
  });
  return tag;
}

function filesOf({ server, files = {}, migrations = {} }: DerivedImage): Record<string, string> {
  const scripts = Object.entries(migrations).map(([name, sql]) => [
    `prisma/migrations/${name}/migration.sql`,
    sql,
  ]);
  return {
    // One line that is right in both kinds of package.
    ...(server !== undefined && { 'server.js': `import('./fixtures/${server}.cjs');\n` }),
    ...Object.fromEntries(scripts),
    ...files,
  };
}

function dockerfile({ from = inject('image'), remove = [], run = [] }: DerivedImage): string {
  const removal = `for (const path of ${JSON.stringify(remove)}) require('fs').rmSync(path, { recursive: true })`;
  const commands = [...(remove.length === 0 ? [] : [['node', '-e', removal]]), ...run];
  return [
    `FROM ${from}`,
    'COPY app/ ./',
    ...(commands.length === 0
      ? []
      : ['USER 0:0', ...commands.map((command) => `RUN ${JSON.stringify(command)}`), 'USER 1001:1001']),
    '',
  ].join('\n');
}
