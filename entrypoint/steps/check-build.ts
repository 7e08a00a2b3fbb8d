import type { Context } from '../core/context.ts';
import { BootError, type SettingProblem } from '../core/errors.ts';
import type { ServerSource } from '../core/server-source.ts';
import { count } from '../lib/count.ts';
import { checkServerCommand } from './check-build/check-command.ts';
import { checkNext, type NextBuild } from './check-build/check-next.ts';
import { checkPrisma, type PrismaConfig, type PrismaFolder } from './check-build/check-prisma.ts';
import { listFolder } from './check-build/listing.ts';
import type { ServerProgram, ServerTarget } from './serve/settings.ts';

export interface BuildConfig extends PrismaConfig {
  readonly server: ServerSource;
  /** Whether a copy with values is served, which has a cache of its own. */
  readonly isCopied: boolean;
}

/** What the boot needs of the image, complete. */
export interface Build {
  readonly server: ServerProgram & Pick<ServerTarget, 'isNextServer'>;
  /** The standalone build; undefined with a server command. */
  readonly next: NextBuild | undefined;
  readonly prisma: PrismaFolder;
  /** What will not work, though the boot may go on. */
  readonly warnings: readonly string[];
}

/** A build of Next.js, which has a server of its own. */
export interface StandaloneBuild extends Build {
  readonly next: NextBuild;
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
      buildId: build.next?.buildId ?? null,
      nextVersion: build.next?.nextVersion ?? null,
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
  const { warnings, ...server } = readServer(appDir, config, problems);
  const prisma = checkPrisma(appDir, config, problems);
  if (problems.length > 0) {
    const listing = `In ${appDir}: ${listFolder(appDir)}`;
    throw new BootError(
      'BUILD_INCOMPLETE',
      problems.map((problem) => ({ ...problem, details: [...(problem.details ?? []), listing] })),
    );
  }
  return { ...server, prisma, warnings: [...warnings, ...prisma.warnings] };
}

function readServer(
  appDir: string,
  { server: source, isCopied }: BuildConfig,
  problems: SettingProblem[],
): Omit<Build, 'prisma'> {
  if ('file' in source) {
    const next = checkNext(appDir, source.file, problems);
    const { serverPath: name, isNextServer } = next;
    const warnings = isCopied ? [] : next.warnings;
    return { server: { command: ['node', name], dir: appDir, name, isNextServer }, next, warnings };
  }
  const { program, warnings } = checkServerCommand(appDir, source, problems);
  return { server: { ...program, isNextServer: false }, next: undefined, warnings };
}

export function describeBuild({ server, next, prisma }: Build): string {
  const what =
    next === undefined ? `server ${server.name}` : `Next.js ${next.nextVersion}, build ${next.buildId}`;
  return `${what}, ${describeMigrations(prisma)}`;
}

function describeMigrations(prisma: PrismaFolder): string {
  const further = [...prisma.further].map(([name, folder]) => `${name}: ${describeFolder(folder)}`);
  return [describeFolder(prisma), ...further].join('; ');
}

function describeFolder({ folder, schemaFiles }: PrismaFolder): string {
  if (folder === undefined)
    return schemaFiles.length > 0
      ? `a schema to push in ${count(schemaFiles.length, 'file')} (ENTRYPOINT_MIGRATE=push)`
      : 'no migrations to apply';
  return `${count(folder.migrations.length, 'migration')} in the image`;
}
