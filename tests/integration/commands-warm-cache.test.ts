import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { runBundle } from '../helpers/bundle.ts';
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
    const [version = ''] = await readdir(cache);
    const entries = await readdir(`${cache}/${version}`);
    expect(entries.length).toBeGreaterThanOrEqual(2);
  },
);

test('warm-cache without NODE_COMPILE_CACHE says so, and starts nothing', async () => {
  const app = await createStandalone({ server: 'crashing' });
  const run = await runBundle({ dir: app.dir, args: ['warm-cache'] });
  expect(run).toMatchObject({ code: 0 });
  expect(run.logs.at(-1)).toMatchObject({ step: 'server', event: 'skipped' });
});
