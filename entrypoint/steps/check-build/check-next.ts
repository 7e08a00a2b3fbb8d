import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import type { SettingProblem } from '../../core/errors.ts';
import { findNextDir, readServer } from '../../core/health-path.ts';
import { readTextFile } from '../../lib/regular-file.ts';
import { isNextServer } from './is-next-server.ts';
import { findServer, listFolder, nameOf } from './listing.ts';

const MAX_ID_BYTES = 4096;

/** What the boot needs of Next.js: its server, and the files that go with it. */
export interface NextBuild {
  readonly serverPath: string;
  /** The folder of the build, `.next` most often. */
  readonly nextDir: string;
  readonly isNextServer: boolean;
  readonly buildId: string;
  readonly nextVersion: string;
  readonly warnings: readonly string[];
}

/** Looks at the server and at what must be of the same build; what is missing becomes a problem. */
export function checkNext(appDir: string, serverFile: string, problems: SettingProblem[]): NextBuild {
  const serverPath = checkServer(appDir, resolve(appDir, serverFile), problems);
  const source = readServer(serverPath) ?? '';
  const nextDir = findNextDir(serverPath, source);
  const buildId = checkBuildId(appDir, nextDir, problems);
  const nextVersion = source === '' ? 'unknown' : checkPackages(serverPath, appDir, problems);
  return {
    serverPath,
    nextDir,
    isNextServer: isNextServer(source),
    buildId,
    nextVersion,
    warnings: cacheWarnings(appDir, nextDir),
  };
}

/** The file of the server; where it lies elsewhere than was said, the rest is looked for there. */
function checkServer(appDir: string, serverPath: string, problems: SettingProblem[]): string {
  if (readServer(serverPath) !== undefined) return serverPath;
  const exists = existsSync(serverPath);
  const elsewhere = exists ? undefined : findServer(appDir);
  problems.push({
    what: nameOf(serverPath, appDir),
    expected: 'the server of the standalone build, readable',
    got: exists ? 'a file that cannot be read' : 'no such file',
    hint:
      elsewhere === undefined
        ? "Build with output: 'standalone' and copy it: COPY --from=builder /app/.next/standalone ./"
        : `It is at ${elsewhere}: set ENTRYPOINT_SERVER=${elsewhere}.`,
  });
  return elsewhere === undefined ? serverPath : join(appDir, elsewhere);
}

function checkBuildId(appDir: string, nextDir: string, problems: SettingProblem[]): string {
  const name = nameOf(nextDir, appDir);
  const missing = (what: string, expected: string, copy: string, got = 'no such file') =>
    problems.push({ what, expected, got, hint: `Copy it: ${copy}` });
  const copyServer = 'COPY --from=builder /app/.next/standalone ./';
  const copyStatic = `COPY --from=builder /app/${name}/static ./${name}/static`;
  if (!existsSync(join(nextDir, 'required-server-files.json'))) {
    missing(`${name}/required-server-files.json`, 'the list of the build', copyServer);
  }
  const buildId = readTextFile(join(nextDir, 'BUILD_ID'), MAX_ID_BYTES)?.trim();
  if (buildId === undefined) {
    missing(`${name}/BUILD_ID`, 'the id of the build', copyServer);
    return 'unknown';
  }
  if (!existsSync(join(nextDir, 'static'))) {
    missing(`${name}/static`, 'the scripts and styles of the build', copyStatic, 'no such folder');
  } else if (!existsSync(join(nextDir, 'static', buildId))) {
    missing(
      `${name}/static/${buildId}`,
      `the static files of build ${buildId}`,
      copyStatic,
      `static files of another build (${listFolder(join(nextDir, 'static'))})`,
    );
  }
  return buildId;
}

function checkPackages(serverPath: string, appDir: string, problems: SettingProblem[]): string {
  try {
    const manifest: unknown = createRequire(serverPath)('next/package.json');
    return manifest !== null && typeof manifest === 'object' && 'version' in manifest
      ? String(manifest.version)
      : 'unknown';
  } catch {
    problems.push({
      what: `node_modules/next, seen from ${nameOf(serverPath, appDir)}`,
      expected: 'the traced packages of the standalone build',
      got: 'no package of that name',
      hint: 'Copy it: COPY --from=builder /app/.next/standalone ./ (its node_modules may be left out by .dockerignore).',
    });
    return 'unknown';
  }
}

function cacheWarnings(appDir: string, nextDir: string): string[] {
  const cache = join(nextDir, 'cache');
  const name = nameOf(cache, appDir);
  if (isWritable(cache) || (!existsSync(cache) && isWritable(nextDir))) return [];
  return [
    `${name} is not writable: optimised images and revalidated pages are kept in memory only; mount a volume or tmpfs there`,
  ];
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return readdirSync(path) !== undefined;
  } catch {
    return false;
  }
}
