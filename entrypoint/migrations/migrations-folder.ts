import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { SettingProblem } from '../core/errors.ts';
import { codeOf } from '../lib/describe-error.ts';
import { describeUnreadable, readRegularFile } from '../lib/regular-file.ts';
import { checksum } from './checksum.ts';
import { codeMigrations, findCodeMigration } from './code-migrations.ts';
import { parseScript, type Script } from './script/script.ts';

export const MIGRATION_FILE = 'migration.sql';
export const LOCK_FILE = 'migration_lock.toml';
/** PostgreSQL would take a script of a gigabyte; the memory of a container would not. */
const LARGEST_SCRIPT = 64 * 1024 * 1024;
const LARGEST_LOCK = 64 * 1024;

/** One migration of the image. */
export interface Migration {
  readonly name: string;
  readonly script: Buffer;
}

export interface MigrationsFolder {
  readonly dir: string;
  /** In the order they apply: bytewise by name. */
  readonly migrations: readonly Migration[];
  /** Content of `migration_lock.toml`; null where there is none. */
  readonly lock: string | null;
  readonly problems: readonly SettingProblem[];
}

/** Reads every migration of a folder. A folder without its `migration.sql` is a problem, other files are not ours. */
export function readMigrationsFolder(dir: string): MigrationsFolder {
  const problems: SettingProblem[] = [];
  const migrations: Migration[] = [];
  const inCode: string[] = [];
  for (const name of listMigrations(dir, problems)) {
    try {
      migrations.push({ name, script: readRegularFile(join(dir, name, MIGRATION_FILE), LARGEST_SCRIPT) });
    } catch (error) {
      const code = findCodeMigration(join(dir, name));
      if (code !== undefined) {
        inCode.push(join(name, code));
        continue;
      }
      problems.push({
        what: join(dir, name, MIGRATION_FILE),
        expected: 'the script of the migration',
        got: describeUnreadable(error),
        hint: 'Restore the file, or delete its folder if it was never applied; .dockerignore may leave out *.sql.',
      });
    }
  }
  if (inCode.length > 0) problems.push(codeMigrations(dir, inCode));
  return { dir, migrations, lock: readLock(dir), problems };
}

export function readScript({ script }: Migration): Script {
  return parseScript(script.toString('utf8'));
}

/** Whether a recorded checksum is that of the script, whatever the line endings: as the engine compares. */
export function matchesChecksum({ script }: Migration, recorded: string): boolean {
  if (checksum(script) === recorded) return true;
  const unix = script.toString('utf8').replaceAll('\r\n', '\n');
  return checksum(unix) === recorded || checksum(unix.replaceAll('\n', '\r\n')) === recorded;
}

function listMigrations(dir: string, problems: SettingProblem[]): string[] {
  try {
    const names = readdirSync(dir, { withFileTypes: true })
      .filter(
        (entry) => entry.isDirectory() || (entry.isSymbolicLink() && !leadsToFile(join(dir, entry.name))),
      )
      .map(({ name }) => name);
    return names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  } catch (error) {
    problems.push({
      what: dir,
      expected: 'the folder of migrations, readable',
      got: codeOf(error),
      hint: 'See what is copied there, and that the user of the container may read it.',
    });
    return [];
  }
}

/** A link that leads nowhere may have led to a folder. */
function leadsToFile(link: string): boolean {
  return statSync(link, { throwIfNoEntry: false })?.isDirectory() === false;
}

function readLock(dir: string): string | null {
  try {
    return readRegularFile(join(dir, LOCK_FILE), LARGEST_LOCK).toString();
  } catch {
    return null;
  }
}
