import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { VARIABLES } from '../../entrypoint/config/variables.ts';
import { runBundle, startBundle } from '../helpers/bundle.ts';
import { findNode } from '../helpers/node-versions.ts';
import { createStandalone } from '../helpers/standalone.ts';

const node24 = findNode(24);

test.skipIf(node24 === undefined)(
  'warm-cache leaves compiled code of the entrypoint and the server',
  async () => {
    const app = await createStandalone({ server: 'polite' });
    const cache = app.path('.compile-cache');
    const run = await runBundle({
      dir: app.dir,
      args: ['warm-cache'],
      node: node24,
      env: { NODE_COMPILE_CACHE: cache },
    });
    expect(run).toMatchObject({ code: 0 });
    const own = app.path('.own-cache');
    await runBundle({ dir: app.dir, args: ['explain'], node: node24, env: { NODE_COMPILE_CACHE: own } });
    const [ofEntrypoint, all] = [await entriesOf(own), await entriesOf(cache)];
    expect(all).toEqual(expect.arrayContaining(ofEntrypoint));
    // server.js and the two files that it loads.
    expect(all.length).toBeGreaterThanOrEqual(ofEntrypoint.length + 3);
  },
);

test.skipIf(node24 === undefined)(
  'the compiled code in the cache is that of every module, and holds no engine',
  async () => {
    const app = await createStandalone({ server: 'polite' });
    const cache = app.path('.compile-cache');
    await runBundle({ dir: app.dir, args: ['explain'], node: node24, env: { NODE_COMPILE_CACHE: cache } });
    const [version = ''] = await readdir(cache);
    const entries = (await entriesOf(cache)).map((name) => readFile(join(cache, version, name), 'latin1'));
    const compiled = (await Promise.all(entries)).join('');
    const [engine = ''] = /[!-~]{100000}/.exec(await readFile(app.path('entrypoint.js'), 'utf8')) ?? [];
    expect(compiled.includes(VARIABLES.ENTRYPOINT_IMAGE_REVISION.description)).toBe(true);
    expect(engine).not.toBe('');
    expect(compiled.includes(engine.slice(1000, 1100))).toBe(false);
  },
);

async function entriesOf(cache: string): Promise<string[]> {
  const [version = ''] = await readdir(cache);
  return readdir(`${cache}/${version}`);
}

test('warm-cache without NODE_COMPILE_CACHE says so, and starts nothing', async () => {
  const app = await createStandalone({ server: 'crashing' });
  const run = await runBundle({ dir: app.dir, args: ['warm-cache'] });
  expect(run).toMatchObject({ code: 0 });
  expect(run.logs.at(-1)).toMatchObject({ step: 'server', event: 'skipped' });
});

/** A minute that lasts half a second, for the entrypoint alone. */
const SHORT_MINUTE = `--import=data:text/javascript,${encodeURIComponent(`
  const { timeout } = AbortSignal;
  AbortSignal.timeout = (ms) => timeout(ms / 120);
`)}`;

describe.skipIf(node24 === undefined)('warm-cache', () => {
  const start = async (server: 'mute' | 'silent' | 'stubborn', nodeArgs: string[] = []) => {
    const app = await createStandalone({ server });
    const env = { NODE_COMPILE_CACHE: app.path('.compile-cache'), ENTRYPOINT_HOLD: '1h' };
    return startBundle({ dir: app.dir, args: ['warm-cache'], node: node24, nodeArgs, env });
  };

  test.each(['mute', 'silent'] as const)('gives up on a server that is %s', async (server) => {
    const run = await start(server, [SHORT_MINUTE]);
    expect(await run.exit).toMatchObject({ code: 0 });
    expect(run.logs.at(-1)).toMatchObject({ level: 'warn', event: 'unanswered' });
    expect(run.processes()).toEqual([]);
  });

  test.each([
    ['the default folder', {}],
    ['a folder of its own', { writeTo: 'filled' }],
  ])('leaves no copy of a build with values, in %s or beside the cache', async (_where, section) => {
    const runtimeValues = { placeholders: ['NEXT_PUBLIC_API'], ...section };
    const files = {
      'zarpe.config.json': JSON.stringify({ runtimeValues }),
      '.next/static/chunks/app.js': 'fetch("__NEXT_PUBLIC_API__")',
    };
    const app = await createStandalone({ server: 'polite', files });
    const [cache, temporary] = [app.path('.compile-cache'), app.path('tmp')];
    await mkdir(temporary);
    const env = { NODE_COMPILE_CACHE: cache, TMPDIR: temporary, NEXT_PUBLIC_API: 'https://api.example' };
    const run = await runBundle({ dir: app.dir, args: ['warm-cache'], node: node24, env });
    expect(run.code, run.stdout).toBe(0);
    expect(await readdir(temporary)).toEqual([]);
    expect(await readdir(app.dir)).not.toContain('filled');
    expect(await readdir(cache)).toHaveLength(1);
  });

  test('whose cache cannot be written is told to the build: exit 78', async () => {
    const app = await createStandalone({ files: { taken: '' } });
    const env = { NODE_COMPILE_CACHE: app.path('taken') };
    const run = await runBundle({ dir: app.dir, args: ['warm-cache'], node: node24, env });
    expect(run.code).toBe(78);
    expect(run.logs.at(-1)?.error).toMatchObject({
      code: 'CONFIG_INVALID',
      problems: [{ what: 'NODE_COMPILE_CACHE' }],
    });
  });

  test('kills a server that does not end', async () => {
    const run = await start('stubborn');
    expect(await run.exit).toMatchObject({ code: 0 });
    expect(run.processes()).toEqual([]);
  });

  test('ends by TERM, and its server with it', async () => {
    const run = await start('mute');
    await expect.poll(() => run.processes().some(({ command }) => command.endsWith('server.js'))).toBe(true);
    run.kill();
    expect(await run.exit).toMatchObject({ code: 143 });
    expect(run.processes()).toEqual([]);
  });
});
