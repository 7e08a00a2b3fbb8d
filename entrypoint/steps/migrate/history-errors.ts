import { join } from 'node:path';
import { BootError } from '../../core/errors.ts';
import type { HistoryRow } from '../../database/survey-answer.ts';
import { count } from '../../lib/count.ts';
import { MIGRATION_FILE, type MigrationsFolder, readScript } from '../../migrations/migrations-folder.ts';
import { hasProgress } from '../../migrations/progress.ts';

const LONGEST_LOG = 12;

/** The two commands that record the outcome of a migration by hand. */
export function resolveCommands(name: string): string[] {
  return [
    `node entrypoint.js resolve --applied ${quote(name)}      # the database has all of it`,
    `node entrypoint.js resolve --rolled-back ${quote(name)}  # the database has nothing of it; it is applied again`,
  ];
}

/** Prisma's P3009: records of migrations that started and never finished. */
export function unresolved(
  failed: readonly HistoryRow[],
  folder: MigrationsFolder,
  leftovers: readonly string[],
): BootError {
  return new BootError(
    'MIGRATION_UNRESOLVED',
    failed.map((row) => ({
      message: `Migration ${row.name} started at ${row.startedAt} and never finished: it failed or was interrupted (P3009)`,
      hint: 'Bring the database fully to one state or the other, then record which:',
      details: [
        ...resolveCommands(row.name),
        `Its script: ${join(folder.dir, row.name, MIGRATION_FILE)}${whyInterrupted(folder, row)}`,
        ...leftovers,
        ...(row.logs
          ? ['Its log in _prisma_migrations:', ...row.logs.split('\n').slice(0, LONGEST_LOG)]
          : []),
      ],
    })),
  );
}

/** Why a crash could leave part of it, where that is known. */
function whyInterrupted(folder: MigrationsFolder, { name, logs }: HistoryRow): string {
  const migration = folder.migrations.find((known) => known.name === name);
  if (migration === undefined) return ' (not in this image)';
  const { mode, autocommit } = readScript(migration).plan;
  if (hasProgress(logs))
    return '. Some of its transactions are committed, but the next start cannot continue after them: they were edited since, or changed the session (SET)';
  if (autocommit.kind === 'none' || (mode === 'transaction' && autocommit.kind !== 'whole')) return '';
  return `, which may commit before its end (${autocommit.reason})`;
}

export function databaseAhead(missing: readonly string[]): BootError {
  return new BootError('DATABASE_AHEAD', {
    message: `The database is ahead of this image, which lacks ${count(missing.length, 'migration')}: ${missing.join(', ')}`,
    hint: 'Deploy an image at least as new as the database, or set ENTRYPOINT_DATABASE_AHEAD=warn.',
  });
}

/** `1 migration is pending`, `2 migrations are pending`. */
export function arePending(migrations: number): string {
  return `${count(migrations, 'migration')} ${migrations === 1 ? 'is' : 'are'} pending`;
}

function quote(name: string): string {
  return /^[\w.-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
}
