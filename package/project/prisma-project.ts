import { dirname, join } from 'node:path';
import { ProgramError } from '../failure.ts';
import { majorOf } from './next-app.ts';
import { isFile, isFolder, listFiles, readManifest, readText } from './read.ts';

const CONFIGS = [
  'prisma.config.ts',
  'prisma.config.mts',
  'prisma.config.js',
  'prisma.config.mjs',
  'prisma.config.cjs',
];
const SEEDS = ['seed.ts', 'seed.mts', 'seed.js', 'seed.mjs', 'seed/index.ts', 'seed/index.js'];

/** Prisma in a project. Paths are relative to the project's root. */
export interface PrismaProject {
  readonly major: number | undefined;
  /** The folder of the package with the schema. */
  readonly package: string;
  readonly config: string | undefined;
  /** The folder of the schema, in one file or in many. */
  readonly dir: string;
  /** The folder of the migrations; undefined if there is none. */
  readonly migrations: string | undefined;
  readonly schema: string;
  /** The source of the seed; undefined if there is none. */
  readonly seed: string | undefined;
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
  const path = (file: string) => (folder === '' ? file : `${folder}/${file}`).replace(/\/\.?$/, '');
  const manifest = readManifest(join(root, folder)) ?? {};
  const config = CONFIGS.find((file) => isFile(root, folder, file));
  const source = config === undefined ? '' : (readText(root, folder, config) ?? '');
  const named = /\bschema\s*:\s*['"`]([^'"`]+)['"`]/.exec(source)?.[1] ?? manifest.prisma?.schema;
  const candidates = [named, 'prisma/schema.prisma', 'schema.prisma', 'prisma/schema', 'prisma'].filter(
    (one) => one !== undefined,
  );
  const location = candidates
    .map((one) => one.replace(/^\.\//, '').replace(/\/$/, ''))
    .find((one) => hasSchema(root, path(one)));
  if (location === undefined) return undefined;
  const dir = isFile(root, path(location)) ? dirname(path(location)) : path(location);
  const files = isFile(root, path(location))
    ? [path(location)]
    : listFiles(join(root, dir))
        .filter((file) => file.endsWith('.prisma'))
        .map((file) => `${dir}/${file}`);
  const schema = files.map((file) => readText(root, file) ?? '').join('\n');
  const migrationsPath = /\bmigrations\s*:\s*\{[^}]*\bpath\s*:\s*['"`]([^'"`]+)['"`]/.exec(source)?.[1];
  const migrations = [
    migrationsPath === undefined ? undefined : path(migrationsPath),
    `${dir}/migrations`,
    `${dirname(dir)}/migrations`,
  ].find((one) => one !== undefined && isFolder(root, one));
  return {
    major: [folder, '']
      .map(
        (at) =>
          majorOf(join(root, at), manifest, 'prisma') ?? majorOf(join(root, at), manifest, '@prisma/client'),
      )
      .find((one) => one !== undefined),
    package: folder,
    config: config === undefined ? undefined : path(config),
    dir,
    migrations,
    schema,
    seed: findSeed(
      root,
      folder,
      dir,
      `${manifest.prisma?.seed ?? ''} ${/\bseed\s*:\s*['"`]([^'"`]+)['"`]/.exec(source)?.[1] ?? ''}`,
    ),
    tables: findTables(schema),
    urlNames: [
      ...schema.matchAll(/\benv\(\s*"(\w+)"\s*\)/g),
      ...source.matchAll(/\benv(?:<[^>]*>)?\(\s*['"](\w+)['"]\s*\)|process\.env\.(\w+)/g),
    ]
      .map(([, first, second]) => first ?? second ?? '')
      .filter((name) => /URL/.test(name)),
  };
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
export function generatesClient(scripts: Readonly<Record<string, string>> | undefined): boolean {
  return ['build', 'prebuild', 'postinstall'].some((name) =>
    /\bprisma generate\b/.test(scripts?.[name] ?? ''),
  );
}
