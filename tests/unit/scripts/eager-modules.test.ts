import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { eagerModules } from '../../../scripts/build/eager-modules.mjs';
import { createFolder } from '../../helpers/workspace.ts';

test('the bundle of a fresh checkout, which has no dist, is written', async () => {
  const outfile = join(await createFolder('bundle'), 'dist', 'nested', 'bundle.js');
  await build({
    stdin: { contents: 'console.log(1)' },
    outfile,
    minify: true,
    metafile: true,
    logLevel: 'silent',
    plugins: [eagerModules],
  });
  expect(await readFile(outfile, 'utf8')).toContain('console.log(1)');
});
