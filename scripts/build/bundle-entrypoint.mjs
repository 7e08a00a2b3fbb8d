import { join } from 'node:path';
import { ROOT } from './paths.mjs';
import { run } from './run-tools.mjs';

export async function bundleEntrypoint() {
  await run(join(ROOT, 'esbuild.config.mjs'), []);
  return 'dist/entrypoint.js';
}
