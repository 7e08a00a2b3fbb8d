import { dirname, join } from 'node:path';
import * as z from 'zod/mini';
import { readRegularFile } from '../../lib/regular-file.ts';

/** A server that is bundled with all it needs is of some megabytes. */
const LARGEST_BYTES = 64 * 1024 * 1024;

export const DEFAULT_HEALTH_PATH = '/api/health';

/** Where the server answers about its health: as it was set, or the default below the `basePath` of the build. */
export function findHealthPath(given: string | undefined, nextDir: string): string {
  return given ?? `${readBasePath(nextDir)}${DEFAULT_HEALTH_PATH}`;
}

/** The folder of a build, `.next` beside its server unless the server says otherwise. */
export function findNextDir(serverPath: string, serverSource = readText(serverPath) ?? ''): string {
  return join(dirname(serverPath), /"distDir":\s*"([^"]+)"/.exec(serverSource)?.[1] ?? '.next');
}

/** Empty where the build has none, or cannot be read: the build check tells of that. */
function readBasePath(nextDir: string): string {
  try {
    const manifest: unknown = JSON.parse(readText(join(nextDir, 'routes-manifest.json')) ?? '');
    return z.object({ basePath: z.optional(z.string()) }).parse(manifest).basePath ?? '';
  } catch {
    return '';
  }
}

/** Undefined where there is no such file, or one that cannot be read. */
export function readText(path: string): string | undefined {
  try {
    return readRegularFile(path, LARGEST_BYTES).toString();
  } catch {
    return undefined;
  }
}
