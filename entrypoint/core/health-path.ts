import { dirname, join, resolve } from 'node:path';
import * as z from 'zod/mini';
import { readTextFile } from '../lib/regular-file.ts';
import type { ServerSource } from './server-source.ts';

/** A server bundled with all its dependencies is some megabytes. */
const MAX_SERVER_BYTES = 64 * 1024 * 1024;

export const DEFAULT_HEALTH_PATH = '/api/health';

/** The path of the health endpoint: as configured, or the default with the `basePath` and `trailingSlash` of the build. */
export function findHealthPath(configured: string | undefined, appDir: string, server: ServerSource): string {
  if (configured !== undefined) return configured;
  const nextDir =
    'file' in server ? findNextDir(resolve(appDir, server.file)) : join(resolve(appDir, server.dir), '.next');
  const { basePath = '', trailingSlash = false } = readOptions(nextDir);
  // As a request line has it.
  const prefix = basePath.replace(/[^!-~]+/g, encodeURIComponent);
  return `${prefix}${DEFAULT_HEALTH_PATH}${trailingSlash ? '/' : ''}`;
}

/** The build folder of a standalone server: its `distDir`, or `.next` beside it. */
export function findNextDir(serverPath: string, source = readServer(serverPath) ?? ''): string {
  return join(dirname(serverPath), /"distDir":\s*"([^"]+)"/.exec(source)?.[1] ?? '.next');
}

/** The source of the server; undefined if it cannot be read. */
export function readServer(serverPath: string): string | undefined {
  return readTextFile(serverPath, MAX_SERVER_BYTES);
}

/** Empty if they cannot be read, which `checkBuild` reports. */
function readOptions(nextDir: string): {
  basePath?: string | undefined;
  trailingSlash?: boolean | undefined;
} {
  try {
    const text = readTextFile(join(nextDir, 'required-server-files.json'), MAX_SERVER_BYTES);
    return optionsSchema().parse(JSON.parse(text ?? '')).config;
  } catch {
    return {};
  }
}

function optionsSchema() {
  return z.object({
    config: z.object({ basePath: z.optional(z.string()), trailingSlash: z.optional(z.boolean()) }),
  });
}
