import { join } from 'node:path';
import { ROOT } from './paths.mjs';
import { run } from './run-tools.mjs';

/** Bundles the entrypoint, and prints what is in the bundle by package. */
export async function bundleEntrypoint() {
  console.log((await run(join(ROOT, 'esbuild.config.mjs'), [])).trimEnd());
  return 'dist/entrypoint.js';
}
