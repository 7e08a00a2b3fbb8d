import { basename, dirname, join } from 'node:path';
import {
  findMigrationsPath,
  findSchemaPath,
  findSeedCommand,
  readPrismaConfigs,
} from '../../entrypoint/steps/check-build/prisma-config.ts';
import { ProgramError } from '../failure.ts';
import { majorOf } from './next-app.ts';
import { isFile, isFolder, listFiles, type Manifest, readManifest, readText } from './read.ts';
import { scriptsReached, textsReached } from './scripts.ts';

const SEEDS = ['seed.ts', 'seed.mts', 'seed.js', 'seed.mjs', 'seed/index.ts', 'seed/index.js'];

/** From here on no client has an engine; in version 6 one that says so has none. */
const FIRST_WITHOUT_ENGINE = 7;
const WITHOUT_ENGINE = /^\s*engineType\s*=\s*"client"/m;
const PRISMA_GENERATE = /\bprisma(?:@\S+)?\s+generate\b/;

/** Prisma in a project. Paths are relative to the project's root. */
export interface PrismaProject {
  readonly major: number | undefined;
  /** Whether the client has an engine in native code, which needs OpenSSL in the image. */
  readonly hasEngine: boolean;
  /** The folder of the package with the schema. */
  readonly package: string;
  readonly config: string | undefined;
  /** The folder of the schema, in one file or in many; '.' for the root. */
  readonly dir: string;
  /** The files of the schema. */
  readonly files: readonly string[];
  /** Whether the folder holds nothing but what belongs to Prisma, and no source of a package. */
  readonly isOwnFolder: boolean;
  /** The folder of the migrations; undefined if there is none. */
  readonly migrations: string | undefined;
  readonly schema: string;
  /** The source of the seed; undefined if there is none. */
  readonly seed: string | undefined;
  /** Whether the project's configuration names a seed, found or not. */
  readonly namesSeed: boolean;
  /** Table names that `auto` seeding could look at, the likeliest first. */
  readonly tables: readonly string[];
  /** The names in the schema's `env("…")`. */
  readonly urlNames: readonly string[];
}

/** Looks for the schema in the app first, then in the other packages. */
export function findPrisma(root: string, app: string, packages: readonly string[]): PrismaProject {
  for (const folder of [app, ...packages.filter((path) => path !== app)]) {
    const found = findIn(root, folder);
    if (found !== undefined) return found;
  }
  throw new ProgramError(
    `There is no Prisma schema in ${root}`,
    'Zarpe prepares images of apps that use Prisma. If the schema has an unusual place, name it in prisma.config.ts.',
  );
}

function findIn(root: string, folder: string): PrismaProject | undefined {
  const path = (file: string) => join(folder, file).replace(/\/$/, '');
  const manifest = readManifest(join(root, folder)) ?? {};
  const [configFile] = readPrismaConfigs(join(root, folder));
  const config = configFile?.file;
  const source = configFile?.text ?? '';
  const named = findSchemaPath(source) ?? manifest.prisma?.schema;
  const candidates = [named, 'prisma/schema.prisma', 'schema.prisma', 'prisma/schema', 'prisma'].filter(
    (one) => one !== undefined,
  );
  const location = candidates.map(path).find((one) => hasSchema(root, one));
  if (location === undefined) return undefined;
  const isOneFile = isFile(root, location);
  const dir = isOneFile ? dirname(location) : location;
  const files = isOneFile
    ? [location]
    : listFiles(join(root, dir))
        .filter((file) => file.endsWith('.prisma'))
        .map((file) => join(dir, file));
  const schema = files.map((file) => readText(root, file) ?? '').join('\n');
  const migrationsPath = findMigrationsPath(source);
  const migrations = [
    ...(migrationsPath === undefined ? [] : [path(migrationsPath)]),
    ...besideSchema(root, dir, files),
  ].find((one) => isFolder(root, one));
  const seedCommand = findSeedCommand(source) ?? manifest.prisma?.seed ?? '';
  const major = [folder, '']
    .map(
      (at) =>
        majorOf(root, join(root, at), manifest, 'prisma') ??
        majorOf(root, join(root, at), manifest, '@prisma/client'),
    )
    .find((one) => one !== undefined);
  return {
    major,
    hasEngine: (major ?? FIRST_WITHOUT_ENGINE) < FIRST_WITHOUT_ENGINE && !WITHOUT_ENGINE.test(schema),
    package: folder,
    config: config === undefined ? undefined : path(config),
    dir,
    files,
    isOwnFolder: dir.split('/').includes('prisma') && !isFile(root, dir, 'package.json'),
    migrations,
    schema,
    seed: findSeed(root, folder, dir, textsReached(manifest.scripts, seedCommand).join(' ')),
    namesSeed: seedCommand !== '',
    tables: findTables(schema),
    urlNames: [
      ...schema.matchAll(/\benv\(\s*"(\w+)"\s*\)/g),
      ...source.matchAll(/\benv(?:<[^>]*>)?\(\s*['"](\w+)['"]\s*\)|process\.env\.(\w+)/g),
    ]
      .map(([, first, second]) => first ?? second ?? '')
      .filter((name) => /URL/.test(name) && !name.includes('SHADOW')),
  };
}

/** Where the entrypoint looks for migrations without a setting. */
export function besideSchema(root: string, dir: string, files: readonly string[]): string[] {
  const withDatasource = files.filter((file) => /^\s*datasource\s/m.test(readText(root, file) ?? ''));
  const folders = [dir, ...withDatasource.map((file) => dirname(file))];
  const above = folders.filter((folder) => basename(folder) === 'schema').map((folder) => dirname(folder));
  return [...folders, ...above].map((folder) => join(folder, 'migrations'));
}

function hasSchema(root: string, path: string): boolean {
  if (isFile(root, path)) return path.endsWith('.prisma');
  return listFiles(join(root, path), 2).some((file) => file.endsWith('.prisma'));
}

/** The source that the seed command names, or the usual one. */
function findSeed(root: string, folder: string, dir: string, command: string): string | undefined {
  const words = command.split(/\s+/).filter((word) => /\.[cm]?[jt]s$/.test(word));
  const inPackage = words.map((word) => join(folder, word));
  const usual = SEEDS.map((file) => `${dir}/${file}`);
  return [...inPackage, ...usual].find((file) => isFile(root, file) && !/(?:^|\/)dist\//.test(file));
}

function findTables(schema: string): string[] {
  const models = [...schema.matchAll(/^model\s+(\w+)\s*\{(.*?)^\}/gms)];
  const tables = models.map(([, name = '', body = '']) => /@@map\("([^"]+)"\)/.exec(body)?.[1] ?? name);
  const likely = (name: string) => (/^users?$/i.test(name) ? 0 : /user|account|member/i.test(name) ? 1 : 2);
  return tables.sort((a, b) => likely(a) - likely(b));
}

/** Whether a script generates the client, so that the image need not. */
export function generatesClient(scripts: Manifest['scripts']): boolean {
  return ['build', 'postinstall', 'prepare'].some((name) =>
    [...scriptsReached(scripts, name).values()].some((text) => PRISMA_GENERATE.test(text)),
  );
}
