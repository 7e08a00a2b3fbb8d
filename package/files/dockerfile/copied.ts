import { distDir, zarpeFolder } from '../../project/places.ts';
import type { Project } from '../../project/project.ts';
import { schemaPaths } from './lines.ts';

/** What the image gets of the builder, and where: from the root of the project and from the folder of the image. */
export function copiedPaths(project: Project): [from: string, to: string][] {
  const { app, prisma, next } = project;
  const dist = distDir(project);
  const publicFolder = app === '' ? 'public' : `${app}/public`;
  const { migrations } = prisma;
  const isCopied = prisma.isOwnFolder && migrations?.startsWith(`${prisma.dir}/`);
  return [
    [`${dist}/standalone`, ''],
    [`${dist}/static`, `${dist}/static`],
    ...same(next.hasPublic ? [publicFolder] : []),
    ...schemaPaths(prisma),
    ...same(migrations === undefined || isCopied ? [] : [migrations]),
    ...(prisma.seed === undefined ? [] : [['.seed/', ''] satisfies [string, string]]),
    [`${zarpeFolder(project)}/entrypoint.js`, ''],
    ['zarpe.config.json', 'zarpe.config.json'],
  ];
}

function same(paths: readonly string[]): [string, string][] {
  return paths.map((path) => [path, path]);
}
