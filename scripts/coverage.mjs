// npm run coverage: which lines of entrypoint/ the tests reach when they run the bundle as a process. What follows `--` goes
// to Vitest: `npm run coverage -- tests/integration/steps`. Exit status: that of the tests.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { build } from 'esbuild';
import { entrypoint } from '../esbuild.config.mjs';
import { ROOT } from './build/paths.mjs';
import { readLineCounts } from './coverage/line-counts.mjs';
import { printTable } from './coverage/table.mjs';

const folder = mkdtempSync(join(tmpdir(), 'zarpe-coverage-'));
const bundle = join(folder, 'entrypoint.js');
const reports = mkdtempSync(join(folder, 'reports-'));
// Some tests run the bundle as another user.
for (const path of [folder, reports]) chmodSync(path, 0o777);

try {
  // The map is a file of its own: a comment that names it would put a copy into the report of every process.
  await build({
    ...entrypoint,
    outfile: bundle,
    minify: false,
    sourcemap: 'external',
    sourcesContent: false,
  });
  const selection = process.argv.slice(2);
  const { status } = spawnSync(
    process.execPath,
    [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--project', 'integration', ...selection],
    {
      cwd: ROOT,
      stdio: 'inherit',
      env: { ...process.env, ZARPE_TEST_BUNDLE: bundle, ZARPE_TEST_COVERAGE: reports },
    },
  );
  printTable(readLineCounts(bundle, reports));
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
