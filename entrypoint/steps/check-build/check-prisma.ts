import type { SettingProblem } from '../../core/errors.ts';
import type { MigrationsFolder } from '../../migrations/migrations-folder.ts';
import { checkMigrations } from './check-migrations.ts';
import { checkPrismaCli } from './check-prisma-cli.ts';
import { checkSchema } from './check-schema.ts';
import { nameOf } from './listing.ts';

/** The app's Prisma folder: its schema is one file or many, its migrations may be none. */
export interface PrismaFolder {
  /** The namespaces a multi-schema datasource names. */
  readonly schemas: readonly string[];
  readonly schemaFiles: readonly string[];
  readonly folder: MigrationsFolder | undefined;
  /** The program of the app's own Prisma CLI, where that is the engine. */
  readonly cli: string | undefined;
  readonly warnings: readonly string[];
  /** Those of the further databases, by their names. */
  readonly further: ReadonlyMap<string, PrismaFolder>;
}

interface PrismaPlace {
  /** The folder of the schema, or its file. */
  readonly prismaDir: string;
  /** Where it is not beside the schema. */
  readonly migrationsDir?: string | undefined;
}

export interface PrismaConfig extends PrismaPlace {
  /** What migrates; `push` needs no migrations, `none` nothing of the folder. */
  readonly engine: 'embedded' | 'cli' | 'push' | 'none';
  /** Of the further databases. */
  readonly further: readonly (PrismaPlace & { readonly name: string })[];
}

/** Reads the Prisma folders, where they are needed; what is missing or of another database becomes a problem. */
export function checkPrisma(appDir: string, config: PrismaConfig, problems: SettingProblem[]): PrismaFolder {
  const further = config.further.map(({ name, ...place }): [string, PrismaFolder] => {
    const own: SettingProblem[] = [];
    const folder = checkFolder(appDir, { ...config, migrationsDir: undefined, ...place }, own);
    const note = `This is about the database ${name} of zarpe.config.json: its prismaDir and migrationsDir say where to look.`;
    problems.push(...own.map((problem) => ({ ...problem, details: [...(problem.details ?? []), note] })));
    return [name, { ...folder, further: new Map() }];
  });
  return { ...checkFolder(appDir, config, problems), further: new Map(further) };
}

function checkFolder(
  appDir: string,
  config: PrismaConfig,
  problems: SettingProblem[],
): Omit<PrismaFolder, 'further'> {
  const { engine, prismaDir, migrationsDir } = config;
  if (engine === 'none')
    return { schemas: [], schemaFiles: [], folder: undefined, cli: undefined, warnings: [] };
  const cli = engine === 'cli' ? checkPrismaCli(appDir, problems) : undefined;
  const schema = checkSchema(appDir, prismaDir, problems);
  const { files: schemaFiles } = schema;
  const { schemas } = schema.datasource;
  if (engine === 'push') return { schemas, schemaFiles, folder: undefined, cli, warnings: [] };
  const folder = checkMigrations(appDir, migrationsDir, schema, problems);
  const isEmpty = folder?.migrations.length === 0 && folder.problems.length === 0;
  const warnings = isEmpty
    ? [`${nameOf(folder.dir, appDir)} is empty: there is nothing to migrate, ever`]
    : [];
  return { schemas, schemaFiles, folder, cli, warnings };
}
