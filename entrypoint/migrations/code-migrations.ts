import { readdirSync } from 'node:fs';
import type { SettingProblem } from '../core/errors.ts';
import { count } from '../lib/count.ts';

const CODE = /^(?:data-?)?migration\.[cm]?[jt]s$/i;
const MOST_NAMED = 10;

/** The program that a folder holds in place of `migration.sql`: a data migration of the app's own runner. */
export function findCodeMigration(folder: string): string | undefined {
  try {
    return readdirSync(folder).find((name) => CODE.test(name));
  } catch {
    return undefined;
  }
}

/** One problem for all of them: to delete them, or to pass over them, would lose what they do to the data. */
export function codeMigrations(dir: string, files: readonly string[]): SettingProblem {
  const more = files.length - MOST_NAMED;
  return {
    what: dir,
    expected: 'migrations in SQL, the only ones that Prisma’s engine runs',
    got: `${count(files.length, 'migration')} written as code, for another program than Prisma`,
    hint: 'Do not delete them: Prisma refuses this folder too (P3015). If that program applies the SQL migrations as well, set ENTRYPOINT_MIGRATE=skip and run it as an exclusive hook (hooks.beforeMigrate in zarpe.config.json). Otherwise move its migrations to another folder.',
    details: [...files.slice(0, MOST_NAMED), ...(more > 0 ? [`and ${more} more`] : [])],
  };
}
