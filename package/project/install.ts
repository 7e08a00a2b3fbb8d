import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { PrismaProject } from './prisma-project.ts';
import { isFile, type Manifest, readManifest } from './read.ts';
import { scriptsReached } from './scripts.ts';

const LIFECYCLE = ['preinstall', 'install', 'postinstall', 'prepare'];
/** A dependency in the repository that is no workspace. */
const LOCAL = /^(?:file|link|portal):(.+)$/;

/** What an installation does besides downloading. */
export interface Installation {
  /** Files and folders that it reads, from the root: programs of its scripts, packages in the repository. */
  readonly files: readonly string[];
  /** Whether it generates Prisma's client. */
  readonly generates: boolean;
}

export function findInstallation(
  root: string,
  app: string,
  packages: readonly string[],
  prisma: PrismaProject,
): Installation {
  const files = packages.flatMap((folder) => {
    const manifest = readManifest(join(root, folder)) ?? {};
    const words = scriptTexts(manifest).flatMap((text) => text.match(/[\w@./-]+/g) ?? []);
    const programs = words.map((word) => join(folder, word)).filter((path) => isFile(root, path));
    return [...programs, ...localPackages(root, folder, manifest, packages)];
  });
  const generating = ['', app, prisma.package].flatMap((folder) =>
    scriptTexts(readManifest(join(root, folder)) ?? {}),
  );
  return {
    files: [...new Set(files)].filter((path) => !path.startsWith('..')),
    generates: prisma.hasEngine || generating.some((text) => /prisma|generate/.test(text)),
  };
}

function scriptTexts({ scripts }: Manifest): string[] {
  return LIFECYCLE.flatMap((name) => [...scriptsReached(scripts, name).values()]);
}

function localPackages(
  root: string,
  folder: string,
  manifest: Manifest,
  packages: readonly string[],
): string[] {
  const ranges = Object.values({ ...manifest.dependencies, ...manifest.devDependencies });
  return ranges
    .map((range) => LOCAL.exec(range)?.[1])
    .filter((path) => path !== undefined)
    .map((path) => join(folder, path).replace(/\/$/, ''))
    .filter((path) => !packages.includes(path) && existsSync(join(root, path)));
}
