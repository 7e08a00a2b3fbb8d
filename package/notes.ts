import { join } from 'node:path';
import { DEFAULT_HEALTH_PATH } from '../entrypoint/core/health-path.ts';
import { configFile, missingOptions } from './files/next-config.ts';
import type { Project } from './project/project.ts';
import { isFile } from './project/read.ts';
import { scriptsReached } from './project/scripts.ts';

const MIGRATES = /\bprisma(?:@\S+)?\s+(?:migrate\s+(?:deploy|dev|reset)|db\s+(?:push|seed|execute))\b/;

/**
 * What only a person can do or decide.
 * @param folder of the package, with its documents
 * @param changed the files to write
 */
export function findNotes(project: Project, folder: string, changed: readonly string[]): string[] {
  const { app, manifest, prisma, next, variables, packageManager, root, settings } = project;
  const migrating = [...scriptsReached(manifest.scripts, 'build')].filter(([, text]) => MIGRATES.test(text));
  return [
    ...(changed.includes(join(app, configFile(project))) ? [] : describeOptions(project)),
    ...migrating.map(
      ([name]) =>
        `The script "${name}" ${name === 'build' ? '' : 'is part of the build and '}migrates the database. Remove that: the build has none, and the entrypoint migrates.`,
    ),
    ...unreadOptions(project).map(
      (name) =>
        `${join(project.app, next.config ?? '')} sets ${name} to what only a build tells: put it into ${name === 'distDir' ? 'the Dockerfile, in place of .next' : 'healthPath in zarpe.config.json'}.`,
    ),
    ...(prisma.migrations === undefined && settings?.migrationsDir === undefined
      ? [
          `There are no migrations, so none are applied. The way from \`prisma db push\`: ${join(folder, 'docs/db-push-and-baseline.md')}`,
        ]
      : []),
    ...(prisma.namesSeed && prisma.seed === undefined && settings?.seedCommand === undefined
      ? [
          'The seed that the project names is no source in JavaScript or TypeScript, so that none runs. Set seedCommand in zarpe.config.json in place of seed.',
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

/** The options of Next.js that a person must add, where the form of the configuration is not known. */
function describeOptions(project: Project): string[] {
  const { app, next } = project;
  const options = missingOptions(project, 'join');
  if (options.length === 0) return [];
  const path = options.some((option) => option.includes('join(')) ? ' (join is of node:path)' : '';
  const file = join(app, configFile(project));
  const todo = `Add to the options of ${file}: ${options.join(', ')}${path}.`;
  return next.otherOutput === undefined
    ? [`${todo} Its form is not known here.`]
    : [`${todo} It has output: ${next.otherOutput}, which has no server that a container could run.`];
}

/** Those that decide something: the entrypoint reads the base path itself for its default health path. */
function unreadOptions({ next }: Project): readonly string[] {
  const hasHealthPath = (next.healthPath ?? DEFAULT_HEALTH_PATH) !== DEFAULT_HEALTH_PATH;
  return next.unreadOptions.filter((name) => name !== 'basePath' || hasHealthPath);
}
