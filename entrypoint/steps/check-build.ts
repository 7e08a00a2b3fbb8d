import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import type { Context } from '../lib/context.ts';
import { BootError, type Problem } from '../lib/errors.ts';
import { checkPrisma, type PrismaFolder } from './check-build/check-prisma.ts';
import { findServer, listFolder } from './check-build/listing.ts';

export interface BuildConfig {
  readonly serverFile: string;
  readonly prismaDir: string;
}

/** A standalone build that is complete. */
export interface Build {
  readonly serverPath: string;
  readonly buildId: string;
  readonly nextVersion: string;
  readonly prisma: PrismaFolder;
  /** What will not work, though the boot may go on. */
  readonly warnings: readonly string[];
}

/**
 * Everything the boot will need from the image is there and of one build. Throws one `BUILD_INCOMPLETE` that names
 * each missing file with the Dockerfile line that copies it.
 */
export async function checkBuild(appDir: string, config: BuildConfig, { steps }: Context): Promise<Build> {
  return steps.run('build', async (log) => {
    const build = readBuild(appDir, config);
    for (const warning of build.warnings) log.warn('warning', warning);
    const migrations = build.prisma.folder?.migrations.length ?? 0;
    log.done(`Next.js ${build.nextVersion}, build ${build.buildId}, ${migrations} migrations in the image`, {
      buildId: build.buildId,
      nextVersion: build.nextVersion,
      migrations,
    });
    return build;
  });
}

/** The Prisma folder alone, for commands that start no server. */
export async function checkPrismaFolder(
  appDir: string,
  config: BuildConfig,
  { steps }: Context,
): Promise<PrismaFolder> {
  return steps.run('build', async (log) => {
    const problems: Problem[] = [];
    const prisma = checkPrisma(appDir, config.prismaDir, problems);
    if (problems.length > 0) throw new BootError('BUILD_INCOMPLETE', problems);
    const migrations = prisma.folder?.migrations.length ?? 0;
    log.done(`${migrations} migrations in the image`, { migrations });
    return prisma;
  });
}

/** The same without a word in the log. */
export function readBuild(appDir: string, config: BuildConfig): Build {
  const problems: Problem[] = [];
  const serverPath = join(appDir, config.serverFile);
  const serverSource = readServer(appDir, serverPath, config, problems);
  const nextDir = join(dirname(serverPath), /"distDir":\s*"([^"]+)"/.exec(serverSource)?.[1] ?? '.next');
  const buildId = readBuildId(appDir, nextDir, problems);
  const nextVersion = serverSource === '' ? 'unknown' : readNextVersion(serverPath, appDir, problems);
  const prisma = checkPrisma(appDir, config.prismaDir, problems);
  if (problems.length > 0) {
    const listing = `In ${appDir}: ${listFolder(appDir)}`;
    throw new BootError(
      'BUILD_INCOMPLETE',
      problems.map((problem) => ({ ...problem, details: [...(problem.details ?? []), listing] })),
    );
  }
  const warnings = [...cacheWarnings(appDir, nextDir), ...prisma.warnings];
  return { serverPath, buildId, nextVersion, prisma, warnings };
}

function readServer(appDir: string, serverPath: string, config: BuildConfig, problems: Problem[]): string {
  try {
    return readFileSync(serverPath, 'utf8');
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    const nested = findServer(appDir);
    problems.push({
      what: config.serverFile,
      expected: 'the server of the standalone build, readable',
      got: isMissing ? 'no such file' : 'a file that cannot be read',
      action:
        nested === undefined
          ? "Build with output: 'standalone' and copy it: COPY --from=builder /app/.next/standalone ./"
          : `It is at ${nested}: set ENTRYPOINT_SERVER=${nested}.`,
    });
    return '';
  }
}

function readBuildId(appDir: string, nextDir: string, problems: Problem[]): string {
  const name = relative(appDir, nextDir);
  const missing = (what: string, expected: string, copy: string, got = 'no such file') =>
    problems.push({ what, expected, got, action: `Copy it: ${copy}` });
  const copyServer = 'COPY --from=builder /app/.next/standalone ./';
  const copyStatic = `COPY --from=builder /app/${name}/static ./${name}/static`;
  if (!existsSync(join(nextDir, 'required-server-files.json'))) {
    missing(`${name}/required-server-files.json`, 'the list of the build', copyServer);
  }
  let buildId: string;
  try {
    buildId = readFileSync(join(nextDir, 'BUILD_ID'), 'utf8').trim();
  } catch {
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

function readNextVersion(serverPath: string, appDir: string, problems: Problem[]): string {
  try {
    const manifest: unknown = createRequire(serverPath)('next/package.json');
    return manifest !== null && typeof manifest === 'object' && 'version' in manifest
      ? String(manifest.version)
      : 'unknown';
  } catch {
    problems.push({
      what: `node_modules/next, seen from ${relative(appDir, serverPath)}`,
      expected: 'the traced packages of the standalone build',
      got: 'no package of that name',
      action:
        'Copy it: COPY --from=builder /app/.next/standalone ./ (its node_modules may be left out by .dockerignore).',
    });
    return 'unknown';
  }
}

function cacheWarnings(appDir: string, nextDir: string): string[] {
  const cache = join(nextDir, 'cache');
  const name = relative(appDir, cache);
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
