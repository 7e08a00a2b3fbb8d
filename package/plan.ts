import { join } from 'node:path';
import { createTwoFilesPatch } from 'diff';
import { DEFAULT_HEALTH_PATH } from '../entrypoint/core/health-path.ts';
import { compose } from './files/compose.ts';
import { dockerfile, zarpeFolder } from './files/dockerfile.ts';
import { dockerignore } from './files/dockerignore.ts';
import { envExample } from './files/env-example.ts';
import { healthRoute } from './files/health-route.ts';
import { missingOptions, nextConfig } from './files/next-config.ts';
import { settings } from './files/settings.ts';
import type { Project } from './project/project.ts';
import { nameOf } from './project/project-name.ts';
import { isFile, readText } from './project/read.ts';
import { scriptsReached } from './project/scripts.ts';

const SCRIPTS = ['backup.sh', 'backup-common.sh', 'restore.sh', 'init-db.sql'];
/** In the order of Docker Compose. */
const COMPOSE_FILES = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];
/** The oldest version that reads a configuration in TypeScript. */
const FIRST_WITH_TS_CONFIG = 15;
const SECRET_LINE = /^([-+ ].*?(?:PASSWORD|SECRET|TOKEN|KEY)\w*["']?\s*[:=]\s*)(?!\$\{|&|\*|'')\S.*$/gim;
const URL_PASSWORD = /(:\/\/[^\s:/@]+:)[^\s@]+@/g;

const MIGRATES = /\bprisma(?:@\S+)?\s+(?:migrate\s+(?:deploy|dev|reset)|db\s+(?:push|seed|execute))\b/;

/** Where the published package lies, and which version it is. */
export interface Assets {
  readonly folder: string;
  readonly version: string;
}

/** A file to write: what it is to contain, and what it contains now; undefined if it does not exist. */
export interface Change {
  /** From the project's root. */
  readonly path: string;
  readonly content: string;
  readonly existing: string | undefined;
}

export interface Plan {
  readonly changes: readonly Change[];
  /** What only a person can do or decide. */
  readonly notes: readonly string[];
}

/** What `init` would write, without the files that are as they should be. */
export function makePlan(project: Project, { folder }: Assets): Plan {
  const { root, app, next, zarpe } = project;
  const at = app === '' ? '' : `${app}/`;
  const wanted: [path: string, content: string | undefined][] = [
    ['Dockerfile', dockerfile(project)],
    ['.dockerignore', dockerignore()],
    [
      COMPOSE_FILES.find((file) => isFile(root, file)) ?? 'docker-compose.yml',
      compose(project, nameOf(project)),
    ],
    ['.env.example', envExample(project)],
    ['zarpe.config.json', settings(project)],
    ...SCRIPTS.map((file): [string, string | undefined] => [
      `docker/${file}`,
      readText(folder, 'docker', file),
    ]),
  ];
  if (zarpe === undefined)
    for (const file of ['entrypoint.js', 'zarpe.mjs', 'zarpe.config.schema.json', 'THIRD-PARTY-NOTICES.txt'])
      wanted.push([`${zarpeFolder(project)}/${file}`, readText(folder, file)]);
  if (next.healthPath === undefined) {
    const { path, source } = healthRoute(next);
    wanted.push([`${at}${path}`, source]);
  }
  const config = `${at}${next.config ?? (next.isTypeScript && (next.major ?? FIRST_WITH_TS_CONFIG) >= FIRST_WITH_TS_CONFIG ? 'next.config.ts' : 'next.config.mjs')}`;
  wanted.push([config, nextConfig(project, readText(root, config))]);
  const changes = wanted.flatMap(([path, content]): Change[] => {
    const existing = readText(root, path);
    return content === undefined || existing === content ? [] : [{ path, content, existing }];
  });
  return {
    changes,
    notes: notes(
      project,
      folder,
      changes.some(({ path }) => path === config),
    ),
  };
}

/** How a change of a file reads: the difference without its secrets, or how long a new file is. */
export function describeChange({ path, content, existing }: Change): string {
  if (existing === undefined) return `+ ${path} (new, ${content.split('\n').length - 1} lines)`;
  const patch = createTwoFilesPatch(path, path, existing, content, '', '', { context: 2 });
  const text = patch.split('\n').slice(1).join('\n').trimEnd();
  return text.replaceAll(SECRET_LINE, '$1…').replaceAll(URL_PASSWORD, '$1…@');
}

function notes(project: Project, folder: string, changesConfig: boolean): string[] {
  const { manifest, prisma, next, variables, packageManager, root } = project;
  const options = missingOptions(project);
  const migrating = [...scriptsReached(manifest.scripts, 'build')].filter(([, text]) => MIGRATES.test(text));
  return [
    ...(options.length > 0 && !changesConfig
      ? [
          `Add to ${next.config ?? 'next.config'}: ${options.join(' ').replace('FOLDER', '__dirname')} (its form is not known here)`,
        ]
      : []),
    ...migrating.map(
      ([name]) =>
        `The script "${name}" ${name === 'build' ? '' : 'is part of the build and '}migrates the database. Remove that: the build has none, and the entrypoint migrates.`,
    ),
    ...unreadOptions(project).map(
      (name) =>
        `${join(project.app, next.config ?? '')} sets ${name} to what only a build tells: put it into ${name === 'distDir' ? 'the Dockerfile, in place of .next' : 'healthPath in zarpe.config.json'}.`,
    ),
    ...(prisma.migrations === undefined
      ? [
          `There are no migrations, so none are applied. The way from \`prisma db push\`: ${join(folder, 'docs/db-push-and-baseline.md')}`,
        ]
      : []),
    ...(prisma.major !== undefined &&
    prisma.major < 7 &&
    /\bprovider\s*=\s*"prisma-client-js"/.test(prisma.schema) &&
    /\bengineType\s*=\s*"binary"/.test(prisma.schema)
      ? ['The client uses Prisma’s binary engine: add binaryTargets for the image to the generator.']
      : []),
    ...(variables.build.length > 0
      ? [
          `Part of the code that browsers run: ${variables.build.join(', ')}. Each is a build argument, so a change needs a new build.`,
        ]
      : []),
    ...(packageManager.name === 'yarn' && isFile(root, '.pnp.cjs')
      ? [
          'Next.js’s standalone build needs node_modules: set nodeLinker: node-modules in .yarnrc.yml, and install again.',
        ]
      : []),
  ];
}

/** Those that decide something: the entrypoint reads the base path itself for its default health path. */
function unreadOptions({ next }: Project): readonly string[] {
  const hasHealthPath =
    next.hasTrailingSlash || (next.healthPath ?? DEFAULT_HEALTH_PATH) !== DEFAULT_HEALTH_PATH;
  return next.unreadOptions.filter((name) => name !== 'basePath' || hasHealthPath);
}
