import type { Project } from '../../project/project.ts';
import { engineVariables, generateVariables } from './generate.ts';
import { copyLine, IMAGE, openssl, schemaPaths } from './lines.ts';

/** The stage that installs, from no more than what an installation reads: its layer is rebuilt only when that changes. */
export function deps(project: Project): string[] {
  const { packageManager: manager, packages, prisma, install } = project;
  const folders = new Map<string, string[]>(packages.map((folder) => [folder, ['package.json']]));
  const isFolder = (path: string) => path.startsWith('.yarn/') || path === 'patches';
  folders.get('')?.push(manager.lockfile, ...manager.files.filter((path) => !isFolder(path)));
  const paths = new Set([...manager.files.filter(isFolder), ...install.files]);
  // Prisma's own postinstall script downloads engines as well.
  const variables = install.generates ? generateVariables(project) : engineVariables(project);
  return [
    'ARG NODE_IMAGE=node:24-bookworm-slim',
    '',
    `FROM ${IMAGE} AS deps`,
    'WORKDIR /src',
    ...openssl(project),
    ...(manager.setup === undefined ? [] : [`RUN ${manager.setup}`]),
    '# Only what an installation reads, so that this layer is rebuilt only when it changes.',
    ...[...folders].map(([folder, files]) => {
      const at = folder === '' ? '' : `${folder}/`;
      return copyLine(
        files.map((file) => `${at}${file}`),
        at,
      );
    }),
    ...[...paths].map((path) => copyLine([path], path)),
    // A postinstall script that generates the client reads the schema.
    ...(install.generates
      ? [
          ...schemaPaths(prisma).map(([from, to]) => copyLine([from], to)),
          ...(prisma.config === undefined ? [] : [copyLine([prisma.config], prisma.config)]),
        ]
      : []),
    `RUN --mount=type=cache,target=${manager.cache} \\`,
    `    ${[...variables, manager.install].join(' \\\n    ')}`,
  ];
}
