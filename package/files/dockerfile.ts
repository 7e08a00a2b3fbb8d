import { dirname, join } from 'node:path';
import { generatesClient, type PrismaProject } from '../project/prisma-project.ts';
import type { Project } from '../project/project.ts';
import { nameOf } from '../project/project-name.ts';
import { readManifest } from '../project/read.ts';

/** Docker's own variable, not ours. */
const IMAGE = `\${NODE_IMAGE}`;
const ESBUILD = '0.28.2';
/** Valid, and of no database: what needs a URL only to be built gets this one. */
const BUILD_URL = 'postgresql://build:build@127.0.0.1:5432/build';
/** From here on `prisma generate` needs no engine, but downloads one unless it is given a file that could be it. */
const FIRST_WITHOUT_ENGINES = 7;

/** The Dockerfile of a project: installs, builds, and runs with the entrypoint as a user without rights. */
export function dockerfile(project: Project): string {
  return `${[deps(project), builder(project), runner(project)].map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function deps(project: Project): string[] {
  const { packageManager: manager, packages, prisma } = project;
  const folders = new Map<string, string[]>();
  for (const folder of packages) folders.set(folder, ['package.json']);
  folders.get('')?.push(manager.lockfile, ...manager.files.filter((file) => !file.startsWith('.yarn/')));
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
      return `COPY ${files.map((file) => `${at}${file}`).join(' ')} ./${at}`;
    }),
    ...manager.files
      .filter((file) => file.startsWith('.yarn/'))
      .map((folder) => `COPY ${folder} ./${folder}`),
    // A postinstall script that generates the client reads the schema.
    ...(generatesOnInstall(project)
      ? [
          ...schemaPaths(prisma).map(([from, to]) => `COPY ${from} ./${to}`),
          ...(prisma.config === undefined ? [] : [`COPY ${prisma.config} ./${prisma.config}`]),
        ]
      : []),
    `RUN --mount=type=cache,target=${manager.cache} \\`,
    `    ${manager.install}`,
  ];
}

/** What is copied for the schema, and to where: its folder, or its files where they lie among others. */
function schemaPaths({ dir, files, isOwnFolder }: PrismaProject): [from: string, to: string][] {
  if (isOwnFolder) return [[dir, dir]];
  const folders = [...new Set(files.map((file) => dirname(file)))];
  return folders.map((folder) => (folder === '.' ? ['*.prisma', ''] : [`${folder}/*.prisma`, `${folder}/`]));
}

function isCopied({ dir, isOwnFolder }: PrismaProject, path: string): boolean {
  return isOwnFolder && path.startsWith(`${dir}/`);
}

/** Whether an installation generates the client: until version 6 by the package itself, later by a script. */
function generatesOnInstall({ root, app, prisma }: Project): boolean {
  if (hasEngines(prisma.major)) return true;
  const manifests = ['', app, prisma.package].map((folder) => readManifest(join(root, folder)));
  return manifests.some((one) =>
    /prisma|generate/.test(`${one?.scripts?.postinstall} ${one?.scripts?.prepare}`),
  );
}

/** Whether the client has an engine in native code, which needs OpenSSL in the image. */
function hasEngines(major: number | undefined): boolean {
  return major !== undefined && major < FIRST_WITHOUT_ENGINES;
}

/** Debian's slim images have no OpenSSL. */
function openssl({ prisma }: Project): string[] {
  if (!hasEngines(prisma.major)) return [];
  return [
    '# For Prisma’s engine.',
    'RUN apt-get update && apt-get install -y --no-install-recommends openssl && rm -rf /var/lib/apt/lists/*',
  ];
}

function builder(project: Project): string[] {
  const { packageManager: manager, prisma, variables, manifest, next } = project;
  const urls = [...new Set(['DATABASE_URL', ...prisma.urlNames])].map((name) => `${name}=${BUILD_URL}`);
  const switches = [
    'NEXT_TELEMETRY_DISABLED=1',
    ...(variables.hasValidationSwitch ? ['SKIP_ENV_VALIDATION=1'] : []),
    ...(next.standaloneSwitch === undefined ? [] : [next.standaloneSwitch]),
  ];
  const inFolder = (folder: string, command: string) =>
    `RUN ${folder === '' ? '' : `cd ${folder} && `}${command}`;
  const engine = hasEngines(prisma.major) ? '' : 'PRISMA_SCHEMA_ENGINE_BINARY="$(command -v node)" ';
  return [
    'FROM deps AS builder',
    'COPY . .',
    '# For the build only: it needs no database, but what it runs may want a URL. None of this is in the image.',
    `ENV ${[...switches, ...urls].join(' \\\n    ')}`,
    ...(variables.build.length === 0
      ? []
      : ['# Next.js writes these into the code that browsers run.', `ARG ${variables.build.join(' ')}`]),
    ...(generatesClient(manifest.scripts)
      ? []
      : [inFolder(prisma.package, `${engine}${manager.exec('prisma generate')}`)]),
    '# Without a name of its own, every app that is built in this folder on the same machine would share the cache.',
    `RUN --mount=type=cache,id=${cacheName(project)},sharing=locked,target=/src/${distDir(project)}/cache \\`,
    `    ${buildCommand(project)}`,
    ...seedLines(project),
    '# Everybody may read, only root may write.',
    `RUN chmod -R u=rwX,go=rX ${distDir(project)}`,
  ];
}

function buildCommand({ packageManager: manager, app, usesTurbo }: Project): string {
  if (usesTurbo) return manager.exec(`turbo run build --filter=./${app}`);
  return `${app === '' ? '' : `cd ${app} && `}${manager.run('build')}`;
}

function cacheName(project: Project): string {
  return [nameOf(project), ...project.app.split('/'), 'next'].filter((part) => part !== '').join('-');
}

function seedLines(project: Project): string[] {
  if (project.prisma.seed === undefined) return [];
  return [
    ...(project.hasEsbuild ? [] : ['# Bundles the seed.', `RUN npm install --global esbuild@${ESBUILD}`]),
    `RUN node ${zarpeFolder(project)}/zarpe.mjs bundle-seed ${project.prisma.seed} --out .seed/seed.js --standalone ${distDir(project)}/standalone`,
  ];
}

function runner(project: Project): string[] {
  const { app, prisma, next } = project;
  const at = app === '' ? '' : `${app}/`;
  const dist = distDir(project);
  const copy = (from: string, to = from) => `COPY --from=builder /src/${from} ./${to}`;
  return [
    `FROM ${IMAGE} AS runner`,
    'WORKDIR /app',
    ...openssl(project),
    '# Written directly, because the commands differ between Debian and Alpine.',
    "RUN echo 'nodejs:x:1001:' >>/etc/group \\",
    " && echo 'nextjs:x:1001:1001:nextjs:/app:/sbin/nologin' >>/etc/passwd",
    copy(`${dist}/standalone`, ''),
    copy(`${dist}/static`),
    ...(next.hasPublic ? [copy(`${at}public`)] : []),
    ...schemaPaths(prisma).map(([from, to]) => copy(from, to)),
    ...(prisma.migrations === undefined || isCopied(prisma, prisma.migrations)
      ? []
      : [copy(prisma.migrations)]),
    ...(prisma.seed === undefined
      ? []
      : ['# seed.js, or seed.mjs if the seed has an `await` at its top level.', copy('.seed/', '')]),
    copy(`${zarpeFolder(project)}/entrypoint.js`, ''),
    copy('zarpe.config.json'),
    '# What Next.js copies into the build with all secrets, if it is there.',
    `RUN rm -f ${[...new Set(['', at])].map((folder) => `${folder}.env*`).join(' ')} \\`,
    ` && mkdir -p ${dist}/cache .compile-cache && chown 1001:0 ${dist}/cache .compile-cache && chmod 775 ${dist}/cache`,
    'USER 1001:1001',
    'ENV NODE_ENV=production NEXT_TELEMETRY_DISABLED=1 PORT=3000 HOSTNAME=0.0.0.0 NODE_COMPILE_CACHE=/app/.compile-cache',
    '# Node.js compiles the code once here, and not at each start.',
    'RUN node entrypoint.js warm-cache',
    'EXPOSE 3000',
    'STOPSIGNAL SIGTERM',
    '# Failures within the start period do not count and the first success ends it: a long migration may finish.',
    'HEALTHCHECK --interval=10s --timeout=5s --start-period=30m --retries=3 \\',
    '    CMD ["node", "entrypoint.js", "healthcheck"]',
    'ENTRYPOINT []',
    'CMD ["node", "entrypoint.js"]',
  ];
}

/** The folder of Next.js's build, from the root. */
export function distDir({ app, next }: Pick<Project, 'app' | 'next'>): string {
  return join(app, next.distDir);
}

/** Where the builder stage finds the files of Zarpe. */
export function zarpeFolder({ zarpe }: Pick<Project, 'zarpe'>): string {
  return zarpe ?? 'zarpe';
}
