import { join } from 'node:path';
import { ROOT } from './paths.mjs';
import { run } from './run-tools.mjs';

/** @param {{ quick: boolean }} options */
export async function bundleEntrypoint({ quick }) {
  await run(join(ROOT, 'esbuild.config.mjs'), quick ? ['--quick'] : []);
  return 'dist/entrypoint.js';
}
