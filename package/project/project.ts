import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { ProgramError } from '../failure.ts';
import { type AppVariables, findVariables } from './env-names.ts';
import { findNextApp, type NextApp } from './next-app.ts';
import { findLockfile, findPackageManager, type PackageManager } from './package-manager.ts';
import { findPrisma, type PrismaProject } from './prisma-project.ts';
import { dependency, isFile, listFiles, type Manifest, readManifest } from './read.ts';

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
  readonly next: NextApp;
  readonly prisma: PrismaProject;
  readonly variables: AppVariables;
  /** Whether the package `zarpe` is a dependency; otherwise its files are copied into the project. */
  readonly hasZarpe: boolean;
  /** Whether a bundler for the seed is a dependency. */
  readonly hasEsbuild: boolean;
  /** Whether Turborepo builds the app with the packages that it depends on. */
  readonly usesTurbo: boolean;
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
  const packages = listFiles(root, 5)
    .filter((path) => path === 'package.json' || path.endsWith('/package.json'))
    .map((path) => (path === 'package.json' ? '' : dirname(path)));
  const chosen = chooseApp(
    root,
    packages,
    app === undefined ? folder : resolve(folder, app),
    app !== undefined,
  );
  const manifest = readManifest(join(root, chosen)) ?? {};
  const manifests = packages.map((path) => readManifest(join(root, path)) ?? {});
  const prisma = findPrisma(root, chosen, packages);
  return {
    root,
    packageManager,
    packages,
    app: chosen,
    manifest,
    next: findNextApp(join(root, chosen), manifest),
    prisma,
    variables: findVariables(root, [chosen, prisma.package]),
    hasZarpe: manifests.some((one) => dependency(one, 'zarpe') !== undefined),
    hasEsbuild: manifests.some((one) => dependency(one, 'esbuild') !== undefined),
    usesTurbo: isFile(root, 'turbo.json') && dependency(rootManifest, 'turbo') !== undefined,
  };
}

/** The nearest folder upwards with a lockfile, within the repository. */
function findRoot(folder: string): string {
  for (let at = resolve(folder); ; at = dirname(at)) {
    if (findLockfile(at) !== undefined) return at;
    if (existsSync(join(at, '.git')) || dirname(at) === at) return resolve(folder);
  }
}

function chooseApp(root: string, packages: readonly string[], folder: string, isNamed: boolean): string {
  const apps = packages.filter(
    (path) => dependency(readManifest(join(root, path)) ?? {}, 'next') !== undefined,
  );
  const wanted = relative(root, folder).replaceAll('\\', '/');
  if (apps.includes(wanted)) return wanted;
  const [only, ...others] = apps;
  if (only !== undefined && others.length === 0 && !isNamed) return only;
  if (only === undefined)
    throw new ProgramError(
      `No package.json in ${root} depends on next`,
      'Run it in the folder of a Next.js project. docs/other-servers.md shows the settings for other servers.',
    );
  throw new ProgramError(
    isNamed ? `${wanted || '.'} is no Next.js app` : `There are ${apps.length} Next.js apps in ${root}`,
    `Name one of them: ${apps.map((path) => `--app ${path || '.'}`).join(', ')}.`,
  );
}
