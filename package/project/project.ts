import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { ProgramError } from '../failure.ts';
import { type AppVariables, findVariables } from './env-names.ts';
import { findInstallation, type Installation } from './install.ts';
import { findNextApp, majorOf, type NextApp } from './next-app.ts';
import { findLockfile, findPackageManager, type PackageManager } from './package-manager.ts';
import { SETTINGS } from './places.ts';
import { findPrisma, type PrismaProject } from './prisma-project.ts';
import { dependency, isFile, type Manifest, readJson, readManifest } from './read.ts';
import { findPackages, listPackageFolders } from './workspaces.ts';

/** An existing project, as far as its image depends on it. Paths are relative to `root`, with `/`, '' for `root` itself. */
export interface Project {
  /** The folder of the lockfile, absolute: the context of the image. */
  readonly root: string;
  readonly packageManager: PackageManager;
  /** The folders of all manifests, `root` included. */
  readonly packages: readonly string[];
  /** The folder of the Next.js app. */
  readonly app: string;
  readonly manifest: Manifest;
  /** What `zarpe.config.json` has already; undefined without the file. */
  readonly settings: Readonly<Record<string, unknown>> | undefined;
  readonly next: NextApp;
  readonly prisma: PrismaProject;
  readonly variables: AppVariables;
  /** The folder of the package `zarpe` if it is a dependency; otherwise its files are copied into the project. */
  readonly zarpe: string | undefined;
  /** Whether a bundler for the seed is a dependency where the seed finds it. */
  readonly hasEsbuild: boolean;
  readonly install: Installation;
  /** The major version of Turborepo, if it builds the app with the packages that it depends on. */
  readonly turbo: number | undefined;
}

/** Reads the project around a folder. `app` names the folder of the app where there are several. */
export function readProject(folder: string, app?: string): Project {
  const root = findRoot(folder);
  const rootManifest = readManifest(root) ?? {};
  const packageManager = findPackageManager(root, rootManifest);
  if (packageManager === undefined)
    throw new ProgramError(
      `There is no lockfile in ${root}`,
      'Install the dependencies with npm, pnpm, yarn or bun, and commit the lockfile: an image is built from it.',
    );
  const packages = findPackages(root, rootManifest);
  const chosen = chooseApp(root, packages, folder, app);
  const manifest = readManifest(join(root, chosen)) ?? {};
  const prisma = findPrisma(root, chosen, packages);
  return {
    root,
    packageManager,
    packages,
    app: chosen,
    manifest,
    settings: readJson(root, SETTINGS),
    next: findNextApp(root, join(root, chosen), manifest),
    prisma,
    variables: findVariables(root, [chosen, prisma.package], prisma.urlNames),
    zarpe: findZarpe(root, packages, packageManager.name),
    hasEsbuild: ['', prisma.package].some((one) => dependsOn(root, one, 'esbuild')),
    install: findInstallation(root, chosen, packages, prisma),
    turbo: findTurbo(root, rootManifest),
  };
}

function findTurbo(root: string, manifest: Manifest): number | undefined {
  if (!isFile(root, 'turbo.json') && !isFile(root, 'turbo.jsonc')) return undefined;
  if (dependency(manifest, 'turbo') === undefined) return undefined;
  return majorOf(root, root, manifest, 'turbo') ?? Number.POSITIVE_INFINITY;
}

function dependsOn(root: string, folder: string, name: string): boolean {
  return dependency(readManifest(join(root, folder)) ?? {}, name) !== undefined;
}

/** npm and yarn put it into the root's node_modules, pnpm and bun into those of the package that asks for it. */
function findZarpe(root: string, packages: readonly string[], manager: PackageManager['name']) {
  const by = packages.find((one) => dependsOn(root, one, 'zarpe'));
  if (by === undefined) return undefined;
  return join(manager === 'npm' || manager === 'yarn' ? '' : by, 'node_modules/zarpe');
}

/** The nearest folder upwards with a lockfile, within the repository. */
function findRoot(folder: string): string {
  for (let at = resolve(folder); ; at = dirname(at)) {
    if (findLockfile(at) !== undefined) return at;
    if (existsSync(join(at, '.git')) || dirname(at) === at) return resolve(folder);
  }
}

function chooseApp(
  root: string,
  packages: readonly string[],
  folder: string,
  named: string | undefined,
): string {
  const isApp = (path: string) => dependency(readManifest(join(root, path)) ?? {}, 'next') !== undefined;
  const apps = packages.filter(isApp);
  const wanted = relative(root, named === undefined ? folder : resolve(folder, named)).replaceAll('\\', '/');
  if (apps.includes(wanted)) return wanted;
  const [only, ...others] = apps;
  if (only !== undefined && others.length === 0 && named === undefined) return only;
  if (only === undefined) {
    const [outside] = listPackageFolders(root).filter(isApp);
    throw outside === undefined
      ? new ProgramError(
          `No package.json in ${root} depends on next`,
          'Run it in the folder of a Next.js project. For other servers use ENTRYPOINT_SERVER_COMMAND.',
        )
      : new ProgramError(
          `${outside} depends on next, but is no workspace of ${root}, where the lockfile is`,
          'Name it in workspaces (pnpm: in pnpm-workspace.yaml), or give it a lockfile of its own and run init there.',
        );
  }
  throw new ProgramError(
    named === undefined
      ? `There are ${apps.length} Next.js apps in ${root}`
      : `${wanted || '.'} is no Next.js app`,
    `Name one of them: ${apps.map((path) => `--app ${path || '.'}`).join(', ')}.`,
  );
}
