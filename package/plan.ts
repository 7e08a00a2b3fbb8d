import { join } from 'node:path';
import { createTwoFilesPatch } from 'diff';
import { compose } from './files/compose.ts';
import { dockerfile } from './files/dockerfile.ts';
import { dockerignore } from './files/dockerignore.ts';
import { envExample } from './files/env-example.ts';
import { healthRoute } from './files/health-route.ts';
import { configFile, nextConfig } from './files/next-config.ts';
import { settings } from './files/settings.ts';
import { findNotes } from './notes.ts';
import { SETTINGS, zarpeFolder } from './project/places.ts';
import type { Project } from './project/project.ts';
import { nameOf } from './project/project-name.ts';
import { isFile, readText } from './project/read.ts';
import { resolvePlace } from './project/resolve-place.ts';

const SCRIPTS = ['backup.sh', 'backup-common.sh', 'restore.sh', 'init-db.sql'];
/** In the order of Docker Compose. */
const COMPOSE_FILES = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];
const SECRET_LINE =
  /^([-+ ].*?(?:PASS|PWD|SECRET|TOKEN|KEY|CREDENTIAL|SALT)\w*["']?\s*[:=]\s*(?:&\w+\s+)?)(?!\$\{|&|\*|'')\S.*$/gim;
const URL_PASSWORD = /(:\/\/[^\s:/@]*:)[^\s@]+@/g;

/** Where the published package lies, and which version it is. */
export interface Assets {
  readonly folder: string;
  readonly version: string;
}

/** A file to write: what it is to contain, and what it contains now; undefined if it does not exist. */
export interface Change {
  /** From the project's root. */
  readonly path: string;
  /** Where that is when symbolic links are followed, from the root. */
  readonly place: string;
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
    ['.dockerignore', dockerignore(project, readText(root, '.dockerignore'))],
    [
      COMPOSE_FILES.find((file) => isFile(root, file)) ?? 'docker-compose.yml',
      compose(project, nameOf(project)),
    ],
    ['.env.example', envExample(project, readText(root, '.env.example'))],
    [SETTINGS, settings(project)],
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
  const config = join(app, configFile(project));
  wanted.push([config, nextConfig(project, readText(root, config))]);
  const changes = wanted.flatMap(([path, content]): Change[] => {
    if (content === undefined) return [];
    const place = resolvePlace(root, path);
    const existing = readText(root, path);
    return existing === content ? [] : [{ path, place, content, existing }];
  });
  return {
    changes,
    notes: findNotes(
      project,
      folder,
      changes.map(({ path }) => path),
    ),
  };
}

/** How a change of a file reads: the difference without its secrets, or how long a new file is. */
export function describeChange({ path, place, content, existing }: Change): string {
  const name = place === path ? path : `${path} -> ${place}`;
  if (existing === undefined) return `+ ${name} (new, ${content.split('\n').length - 1} lines)`;
  const patch = createTwoFilesPatch(name, name, existing, content, '', '', { context: 2 });
  const text = patch.split('\n').slice(1).join('\n').trimEnd();
  return text.replaceAll(SECRET_LINE, '$1…').replaceAll(URL_PASSWORD, '$1…@');
}
