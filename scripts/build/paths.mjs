import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder, whatever the working directory. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export const DIST = join(ROOT, 'dist');

/** What the image copies. */
export const STANDALONE = join(DIST, 'standalone');
