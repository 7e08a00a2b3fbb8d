import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod/mini';

export const DEFAULT_HEALTH_PATH = '/api/health';

const RoutesSchema = z.object({ basePath: z.optional(z.string()) });

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
    const manifest: unknown = JSON.parse(readFileSync(join(nextDir, 'routes-manifest.json'), 'utf8'));
    return RoutesSchema.parse(manifest).basePath ?? '';
  } catch {
    return '';
  }
}

export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
