/**
 * Other versions of Node.js and PostgreSQL, which `npm run test:toolchains` (`.ci/run` calls it) brings from npm
 * into `tests/toolchains/node_modules`: 540 MB, too much for everyone's `npm ci`. Pinned with their checksums in a
 * lock file of their own. Where one has not been fetched, its tests are skipped and say so.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../toolchains/node_modules');

/** The folder of a fetched package such as `node-24`, for this machine's processor; undefined where there is none. */
export function findToolchain(name: string): string | undefined {
  const path = join(folder, `${name}-${process.arch}`);
  return process.platform === 'linux' && existsSync(path) ? path : undefined;
}

/** The reason for a skipped test, in its title. */
export function missing(what: string): string {
  return `${what} (skipped: not fetched, run \`npm run test:toolchains\`)`;
}
