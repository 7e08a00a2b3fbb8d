import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, onTestFinished, test } from 'vitest';
import { readLineCounts } from '../../../scripts/coverage/line-counts.mjs';

const ROOT = join(import.meta.dirname, '../../..');

test('a line counts as run if any process ran it, by the innermost range of its report', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'zarpe-coverage-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const bundle = join(folder, 'entrypoint.js');
  const contents = 'if (a) {\n  one();\n}\nif (b) {\n  two();\n}\nif (c) {\n  three();\n}\n';
  const { outputFiles } = await build({
    stdin: { contents, sourcefile: join(ROOT, 'entrypoint/branches.ts') },
    absWorkingDir: ROOT,
    outfile: bundle,
    sourcemap: 'external',
    write: false,
  });
  for (const { path, contents } of outputFiles) writeFileSync(path, contents);
  const text = outputFiles.find(({ path }) => path === bundle)?.text ?? '';
  const without = (...calls: string[]) => ({
    url: 'file:///app/entrypoint.js',
    functions: [
      {
        ranges: [
          { startOffset: 0, endOffset: text.length, count: 1 },
          ...calls.map((call) => {
            const startOffset = text.indexOf(call);
            return { startOffset, endOffset: startOffset + call.length, count: 0 };
          }),
        ],
      },
    ],
  });
  const other = { ...without(), url: 'file:///app/server.js' };
  const reports = join(folder, 'reports');
  mkdirSync(reports);
  const processes = [[without('one()', 'two()'), other], [without('two()', 'three()')]];
  for (const [index, result] of processes.entries())
    writeFileSync(join(reports, `${index}.json`), JSON.stringify({ result }));
  const lines = readLineCounts(bundle, reports).get('entrypoint/branches.ts');
  expect(lines === undefined ? [] : [...lines]).toEqual([
    [1, true],
    [2, true],
    [4, true],
    [5, false],
    [7, true],
    [8, true],
  ]);
});
