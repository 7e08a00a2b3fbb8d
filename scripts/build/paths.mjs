import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder, whatever the working directory. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export const DIST = join(ROOT, 'dist');

/** What npm publishes. */
export const PACKAGE = join(DIST, 'package');

/** What the image copies. */
export const STANDALONE = join(DIST, 'standalone');

/** What `npm run dev` runs: the entrypoint as it is being written, the seed and the migrations. */
export const DEV = join(DIST, 'dev');
