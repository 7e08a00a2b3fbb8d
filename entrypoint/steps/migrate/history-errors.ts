import { join } from 'node:path';
import { BootError } from '../../core/errors.ts';
import type { HistoryRow } from '../../database/survey-answer.ts';
import { MIGRATION_FILE, type MigrationsFolder, readScript } from '../../migrations/migrations-folder.ts';
import { hasProgress } from '../../migrations/progress.ts';
import { type ConnectionSettings, describeTarget } from '../../postgres/connection-settings.ts';

const LONGEST_LOG = 12;

/** The two commands that settle a migration whose outcome only a person can tell. */
export function resolveCommands(name: string): string[] {
  return [
    `node entrypoint.js resolve --applied ${quote(name)}      # all of it is in the database`,
    `node entrypoint.js resolve --rolled-back ${quote(name)}  # nothing of it is; it is then tried again`,
  ];
}

/** Prisma's P3009: records of migrations that began and never ended. */
export function unresolved(
  failed: readonly HistoryRow[],
  folder: MigrationsFolder,
  leftovers: readonly string[],
): BootError {
  return new BootError(
    'MIGRATION_UNRESOLVED',
    failed.map((row) => ({
      what: `migration ${row.name}`,
      expected: 'a record in _prisma_migrations that has ended',
      got: `one that began at ${row.startedAt} and failed, or was cut off (Prisma's P3009)`,
      hint: 'Bring the database fully to one state or the other, then record which:',
      details: [
        ...resolveCommands(row.name),
        `Its script: ${join(folder.dir, row.name, MIGRATION_FILE)}${whyInterrupted(folder, row)}`,
        ...leftovers,
        ...(row.logs ? ['What was noted then:', ...row.logs.split('\n').slice(0, LONGEST_LOG)] : []),
      ],
    })),
  );
}

/** Why a crash could leave part of it, where that is known. */
function whyInterrupted(folder: MigrationsFolder, { name, logs }: HistoryRow): string {
  const migration = folder.migrations.find((known) => known.name === name);
  if (migration === undefined) return ' (not in this image)';
  const { mode, autocommit } = readScript(migration).plan;
  if (hasProgress(logs)) return ', whose committed transactions were changed since, or changed the session';
  if (autocommit.kind === 'none' || (mode === 'transaction' && autocommit.kind !== 'whole')) return '';
  return `, which may commit before its end (${autocommit.reason})`;
}

export function databaseAhead(missing: readonly string[]): BootError {
  return new BootError('DATABASE_AHEAD', {
    what: '_prisma_migrations',
    expected: 'only migrations that this image has',
    got: `${missing.length} that it lacks: ${missing.join(', ')}`,
    hint: 'Deploy an image at least as new as the database, or set ENTRYPOINT_DATABASE_AHEAD=warn.',
  });
}

export function readOnly(connection: ConnectionSettings, pending: number): BootError {
  return new BootError('DATABASE_READ_ONLY', {
    what: connection.source,
    expected: 'a database that can be written to, for the pending work',
    got: `a read-only one at ${describeTarget(connection)} (a standby?) and ${pending} pending`,
    hint: 'Connect to the primary, or give it as DIRECT_URL.',
  });
}

function quote(name: string): string {
  return /^[\w.-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
}
