import type { Context } from '../core/context.ts';
import { BootError, type SettingProblem } from '../core/errors.ts';
import { count } from '../lib/count.ts';
import { checkNext } from './check-build/check-next.ts';
import { checkPrisma, type PrismaConfig, type PrismaFolder } from './check-build/check-prisma.ts';
import { listFolder } from './check-build/listing.ts';

export interface BuildConfig extends PrismaConfig {
  readonly serverFile: string;
}

/** A standalone build that is complete. */
export interface Build {
  readonly serverPath: string;
  readonly nextDir: string;
  /** Whether the server is the one that Next.js made. */
  readonly isNextServer: boolean;
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
    log.done(describeBuild(build), {
      buildId: build.buildId,
      nextVersion: build.nextVersion,
      migrationCount: build.prisma.folder?.migrations.length ?? 0,
    });
    return build;
  });
}

/** The Prisma folder alone, for commands that start no server. */
export async function checkPrismaFolder(
  appDir: string,
  config: PrismaConfig,
  { steps }: Context,
): Promise<PrismaFolder> {
  return steps.run('build', async (log) => {
    const problems: SettingProblem[] = [];
    const prisma = checkPrisma(appDir, config, problems);
    if (problems.length > 0) throw new BootError('BUILD_INCOMPLETE', problems);
    const migrationCount = prisma.folder?.migrations.length ?? 0;
    log.done(describeMigrations(prisma), { migrationCount });
    return prisma;
  });
}

/** The same without a word in the log. */
export function readBuild(appDir: string, config: BuildConfig): Build {
  const problems: SettingProblem[] = [];
  const next = checkNext(appDir, config.serverFile, problems);
  const prisma = checkPrisma(appDir, config, problems);
  if (problems.length > 0) {
    const listing = `In ${appDir}: ${listFolder(appDir)}`;
    throw new BootError(
      'BUILD_INCOMPLETE',
      problems.map((problem) => ({ ...problem, details: [...(problem.details ?? []), listing] })),
    );
  }
  return { ...next, prisma, warnings: [...next.warnings, ...prisma.warnings] };
}

export function describeBuild({ nextVersion, buildId, prisma }: Build): string {
  return `Next.js ${nextVersion}, build ${buildId}, ${describeMigrations(prisma)}`;
}

function describeMigrations({ folder }: PrismaFolder): string {
  if (folder === undefined) return 'no migrations to apply (ENTRYPOINT_MIGRATE=skip)';
  return `${count(folder.migrations.length, 'migration')} in the image`;
}
