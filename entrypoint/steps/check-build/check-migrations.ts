import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { SettingProblem } from '../../core/errors.ts';
import {
  LOCK_FILE,
  MIGRATION_FILE,
  type MigrationsFolder,
  readMigrationsFolder,
} from '../../migrations/migrations-folder.ts';
import { copyLine, isPostgres, type Schema } from './check-schema.ts';
import { findFolders, nameOf } from './listing.ts';
import { readMigrationsPath } from './prisma-config.ts';

/**
 * The folder of migrations: where it is said to be, or beside the schema.
 * @param migrationsDir relative to the app's folder, or absolute
 */
export function checkMigrations(
  appDir: string,
  migrationsDir: string | undefined,
  schema: Schema,
  problems: SettingProblem[],
): MigrationsFolder | undefined {
  const dir = migrationsDir === undefined ? besideSchema(schema) : resolve(appDir, migrationsDir);
  if (!existsSync(dir)) {
    // Without a schema, the whole folder is missing, which is said already.
    if (schema.files.length > 0 || migrationsDir !== undefined) {
      problems.push({
        what: nameOf(dir, appDir),
        expected: 'the folder of migrations',
        got: 'no such folder',
        hint: `${describeElsewhere(appDir) ?? `${copyLine(migrationsDir === undefined ? schema.dir : dir, appDir)}.`} An app without migrations sets ENTRYPOINT_MIGRATE=push or skip.`,
      });
    }
    return undefined;
  }
  const folder = readMigrationsFolder(dir);
  problems.push(...folder.problems, ...checkLock(nameOf(dir, appDir), folder));
  return folder;
}

/** Prisma keeps them beside the file with the datasource, or beside the folder `schema` of a schema in many files. */
function besideSchema({ dir, datasource }: Schema): string {
  const folders = [dir, dirname(datasource.file ?? dir)];
  const beside = folders.filter((folder) => basename(folder) === 'schema').map(dirname);
  const candidates = [...folders, ...beside].map((folder) => join(folder, 'migrations'));
  return candidates.find((path) => existsSync(path)) ?? join(dir, 'migrations');
}

function describeElsewhere(appDir: string): string | undefined {
  const configured = readMigrationsPath(appDir);
  if (configured !== undefined) {
    const { file, path } = configured;
    const copy = existsSync(resolve(appDir, path)) ? '' : `${copyLine(resolve(appDir, path), appDir)}. `;
    return `${copy}${file} has them in ${path}: set ENTRYPOINT_MIGRATIONS_DIR=${path}.`;
  }
  const [found] = findFolders(
    appDir,
    (names, dir) =>
      names.includes(LOCK_FILE) || names.some((name) => existsSync(join(dir, name, MIGRATION_FILE))),
  );
  if (found === undefined) return undefined;
  const name = nameOf(found, appDir);
  return `There is one at ${name}: set ENTRYPOINT_MIGRATIONS_DIR=${name}.`;
}

function checkLock(migrationsDir: string, folder: MigrationsFolder): SettingProblem[] {
  if (folder.migrations.length === 0 && folder.lock === null) return [];
  const provider = folder.lock === null ? undefined : /^\s*provider\s*=\s*"([^"]*)"/m.exec(folder.lock)?.[1];
  if (provider !== undefined && isPostgres(provider)) return [];
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
