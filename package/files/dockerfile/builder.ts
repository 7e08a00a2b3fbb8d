import { distDir, zarpeFolder } from '../../project/places.ts';
import { generatesClient } from '../../project/prisma-project.ts';
import type { Project } from '../../project/project.ts';
import { nameOf } from '../../project/project-name.ts';
import { copiedPaths } from './copied.ts';
import { engineVariables, urlVariables } from './generate.ts';
import { quote, quotePattern } from './lines.ts';

const ESBUILD = '0.28.2';
/** From here on Turborepo hands a task only the variables that its configuration names. */
const STRICT_TURBO = 2;

const LAST_WITH_COMPILER_FILE = 6;

/** The stage that generates the client, builds the app and bundles the seed. */
export function builder(project: Project): string[] {
  const { packageManager: manager, prisma, variables, manifest, next } = project;
  const switches = [
    'NEXT_TELEMETRY_DISABLED=1',
    ...(variables.hasValidationSwitch ? ['SKIP_ENV_VALIDATION=1'] : []),
    ...(next.standaloneSwitch === undefined ? [] : [next.standaloneSwitch]),
  ];
  const generates = generatesClient(manifest.scripts);
  const engine = engineVariables(project).join(' ');
  return [
    'FROM deps AS builder',
    'COPY . .',
    '# For the build only: it needs no database, but what it runs may want a URL. None of this is in the image.',
    `ENV ${[...switches, ...urlVariables(project)].join(' \\\n    ')}`,
    ...(variables.build.length === 0
      ? []
      : ['# Next.js writes these into the code that browsers run.', `ARG ${variables.build.join(' ')}`]),
    ...(generates
      ? []
      : [`RUN ${inFolder(prisma.package, `${engine} ${manager.exec('prisma generate')}`.trim())}`]),
    '# Without a name of its own, every app that is built in this folder on the same machine would share the cache.',
    `RUN --mount=type=cache,id=${cacheName(project)},sharing=locked,target=${quote(`/src/${distDir(project)}/cache`)} \\`,
    `    ${buildCommand(project, generates ? engine : '')}`,
    ...compilerLines(project),
    ...seedLines(project),
    '# Next.js copies .env files into the build, with all secrets. Removed later, they would stay in a layer of the image.',
    `RUN find ${copiedFolders(project).map(quote).join(' ')} -type f -name '.env*' -delete \\`,
    '# Everybody may read, only root may write, whatever the modes on the build machine are.',
    ` && chmod -R u=rwX,go=rX ${copiedPaths(project)
      .map(([from]) => quotePattern(from))
      .join(' ')}`,
  ];
}

/** Builds the app, and before it the packages that it depends on, where something knows how. */
function buildCommand({ packageManager: manager, app, turbo, manifest }: Project, variables: string): string {
  const withVariables = (command: string) => `${variables} ${command}`.trim();
  if (turbo !== undefined && app !== '') {
    const loose = turbo >= STRICT_TURBO ? ' --env-mode=loose' : '';
    return withVariables(manager.exec(`turbo run build --filter=${quote(`./${app}`)}${loose}`));
  }
  if (manifest.scripts?.build === undefined) return inFolder(app, withVariables(manager.exec('next build')));
  if (manager.name === 'pnpm' && app !== '')
    return withVariables(`pnpm --filter ${quote(`{./${app}}...`)} run build`);
  return inFolder(app, withVariables(manager.run('build')));
}

function inFolder(folder: string, command: string): string {
  return `${folder === '' ? '' : `cd ${quote(folder)} && `}${command}`;
}

/** What the image gets of the builder as whole folders, but for packages. */
function copiedFolders(project: Project): string[] {
  const { app, next, prisma } = project;
  return [
    `${distDir(project)}/standalone`,
    ...(next.hasPublic ? [app === '' ? 'public' : `${app}/public`] : []),
    ...(prisma.isOwnFolder ? [prisma.dir] : []),
  ];
}

function cacheName(project: Project): string {
  const words = [nameOf(project), ...project.app.split('/'), 'next'];
  return words
    .filter((part) => part !== '')
    .join('-')
    .replaceAll(/[^\w.-]/g, '-');
}

/** Version 6 of a client without an engine opens the compiler of its queries by a path that Next.js does not trace. */
function compilerLines(project: Project): string[] {
  const { major, hasEngine } = project.prisma;
  if (major !== LAST_WITH_COMPILER_FILE || hasEngine) return [];
  const dist = distDir(project);
  return [
    '# Prisma’s client opens this file when it runs, so that Next.js does not find it.',
    `RUN find . -path ${quote(`./${dist}`)} -prune -o -name query_compiler_bg.wasm -exec cp --parents {} ${quote(`${dist}/standalone/`)} ';'`,
  ];
}

function seedLines(project: Project): string[] {
  const { seed } = project.prisma;
  if (seed === undefined) return [];
  const standalone = quote(`${distDir(project)}/standalone`);
  return [
    '# Bundles the seed into seed.js, or into seed.mjs if it has an `await` at its top level.',
    ...(project.hasEsbuild ? [] : [`RUN npm install --global esbuild@${ESBUILD}`]),
    `RUN node ${zarpeFolder(project)}/zarpe.mjs bundle-seed ${quote(seed)} --out .seed/seed.js --standalone ${standalone}`,
  ];
}
