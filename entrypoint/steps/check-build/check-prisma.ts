import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { SettingProblem } from '../../core/errors.ts';
import {
  LOCK_FILE,
  type MigrationsFolder,
  readMigrationsFolder,
} from '../../migrations/migrations-folder.ts';
import { checkPrismaCli } from './check-prisma-cli.ts';
import { findSchemaFiles, readDatasource } from './datasource.ts';
import { nameOf } from './listing.ts';

const POSTGRES = /^postgres(?:ql)?$/;

/** The app's Prisma folder: its schema is one file or many, its migrations may be none. */
export interface PrismaFolder {
  /** The namespaces a multi-schema datasource names. */
  readonly schemas: readonly string[];
  readonly folder: MigrationsFolder | undefined;
  /** The program of the app's own Prisma CLI, where that is the engine. */
  readonly cli: string | undefined;
  readonly warnings: readonly string[];
}

export interface PrismaConfig {
  readonly prismaDir: string;
  /** What migrates; with `none` nothing of the folder is needed. */
  readonly engine: 'embedded' | 'cli' | 'none';
}

/** Reads the Prisma folder, where it is needed; what is missing or of another database becomes a problem. */
export function checkPrisma(appDir: string, config: PrismaConfig, problems: SettingProblem[]): PrismaFolder {
  const { engine } = config;
  if (engine === 'none') return { schemas: [], folder: undefined, cli: undefined, warnings: [] };
  const cli = engine === 'cli' ? checkPrismaCli(appDir, problems) : undefined;
  const dir = resolve(appDir, config.prismaDir);
  const prismaDir = nameOf(dir, appDir);
  const copy = `Copy it: COPY --from=builder ${isAbsolute(prismaDir) ? `/app/prisma ${prismaDir}` : `/app/${prismaDir} ./${prismaDir}`}`;
  const files = findSchemaFiles(dir);
  const datasource = readDatasource(files, (file, got) =>
    problems.push({
      what: nameOf(file, appDir),
      expected: 'the Prisma schema, one file or a folder of them',
      got,
      hint: `${copy}, readable by the user of the container.`,
    }),
  );
  if (files.length === 0) {
    problems.push({
      what: `${prismaDir}/schema.prisma`,
      expected: 'the Prisma schema, one file or a folder of them',
      got: existsSync(dir) ? 'none' : 'no such folder',
      hint: `${copy}, or set ENTRYPOINT_PRISMA_DIR.`,
    });
  } else if (datasource.provider !== undefined && !POSTGRES.test(datasource.provider)) {
    problems.push({
      what: nameOf(files[0] ?? dir, appDir),
      expected: 'a datasource with provider = "postgresql"',
      got: `provider = "${datasource.provider}"`,
      hint: 'Zarpe migrates PostgreSQL only.',
    });
  }
  // Prisma keeps them beside the file with the datasource, which a folder of files may have further down.
  const candidates = [join(dir, 'migrations'), join(dirname(datasource.file ?? dir), 'migrations')];
  const migrationsDir = candidates.find((path) => existsSync(path)) ?? join(dir, 'migrations');
  if (!existsSync(migrationsDir)) {
    if (files.length > 0) {
      problems.push({
        what: `${prismaDir}/migrations`,
        expected: 'the folder of migrations',
        got: 'no such folder',
        hint: `${copy}. An app without migrations sets ENTRYPOINT_MIGRATE=skip.`,
      });
    }
    return { schemas: datasource.schemas, folder: undefined, cli, warnings: [] };
  }
  const folder = readMigrationsFolder(migrationsDir);
  problems.push(...folder.problems, ...checkLock(nameOf(migrationsDir, appDir), folder));
  const isEmpty = folder.migrations.length === 0 && folder.problems.length === 0;
  const warnings = isEmpty ? [`${prismaDir}/migrations is empty: there is nothing to migrate, ever`] : [];
  return { schemas: datasource.schemas, folder, cli, warnings };
}

function checkLock(migrationsDir: string, folder: MigrationsFolder): SettingProblem[] {
  if (folder.migrations.length === 0 && folder.lock === null) return [];
  const provider = folder.lock === null ? undefined : /^\s*provider\s*=\s*"([^"]*)"/m.exec(folder.lock)?.[1];
  if (provider !== undefined && POSTGRES.test(provider)) return [];
  return [
    {
      what: `${migrationsDir}/${LOCK_FILE}`,
      expected: 'provider = "postgresql"',
      got:
        folder.lock === null
          ? 'no such file'
          : provider === undefined
            ? 'no provider'
            : `provider = "${provider}"`,
      hint: 'Commit the file that `prisma migrate` wrote, and copy it with the migrations.',
    },
  ];
}
