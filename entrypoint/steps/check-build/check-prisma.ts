import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { Problem } from '../../lib/errors.ts';
import { LOCK_FILE, type MigrationsFolder, readMigrationsFolder } from '../../prisma/migrations-folder.ts';
import { checkPrismaCli } from './check-prisma-cli.ts';
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
export function checkPrisma(appDir: string, config: PrismaConfig, problems: Problem[]): PrismaFolder {
  const { engine } = config;
  if (engine === 'none') return { schemas: [], folder: undefined, cli: undefined, warnings: [] };
  const cli = engine === 'cli' ? checkPrismaCli(appDir, problems) : undefined;
  const dir = resolve(appDir, config.prismaDir);
  const prismaDir = nameOf(dir, appDir);
  const copy = `Copy it: COPY --from=builder ${isAbsolute(prismaDir) ? `/app/prisma ${prismaDir}` : `/app/${prismaDir} ./${prismaDir}`}`;
  const files = findSchemaFiles(dir);
  const datasource = readDatasource(files);
  if (files.length === 0) {
    problems.push({
      what: `${prismaDir}/schema.prisma`,
      expected: 'the Prisma schema, one file or a folder of them',
      got: existsSync(dir) ? 'none' : 'no such folder',
      action: `${copy}, or set ENTRYPOINT_PRISMA_DIR.`,
    });
  } else if (datasource.provider !== undefined && !POSTGRES.test(datasource.provider)) {
    problems.push({
      what: nameOf(files[0] ?? dir, appDir),
      expected: 'a datasource with provider = "postgresql"',
      got: `provider = "${datasource.provider}"`,
      action: 'Zarpe migrates PostgreSQL only.',
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
        action: `${copy}. An app without migrations sets ENTRYPOINT_MIGRATE=skip.`,
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

function checkLock(migrationsDir: string, folder: MigrationsFolder): Problem[] {
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
      action: 'Commit the file that `prisma migrate` wrote, and copy it with the migrations.',
    },
  ];
}

function findSchemaFiles(dir: string): string[] {
  const single = join(dir, 'schema.prisma');
  if (existsSync(single)) return [single];
  const inFolder = (folder: string): string[] => {
    try {
      return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) return entry.name === 'migrations' ? [] : inFolder(path);
        return entry.name.endsWith('.prisma') ? [path] : [];
      });
    } catch {
      return [];
    }
  };
  return inFolder(dir);
}

interface Datasource {
  readonly file: string | undefined;
  readonly provider: string | undefined;
  readonly schemas: readonly string[];
}

function readDatasource(files: readonly string[]): Datasource {
  for (const file of files) {
    const block = /^\s*datasource\s+\w+\s*\{([\s\S]*?)^\s*\}/m.exec(readFileSync(file, 'utf8'))?.[1];
    if (block === undefined) continue;
    const schemas = /^\s*schemas\s*=\s*\[([^\]]*)\]/m.exec(block)?.[1] ?? '';
    return {
      file,
      provider: /^\s*provider\s*=\s*"([^"]*)"/m.exec(block)?.[1],
      schemas: [...schemas.matchAll(/"([^"]*)"/g)].map((match) => match[1] ?? ''),
    };
  }
  return { file: undefined, provider: undefined, schemas: [] };
}
