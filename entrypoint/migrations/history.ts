import type { HistoryRow } from '../database/survey-answer.ts';
import { plainLine } from '../lib/plain-text.ts';
import { type Migration, matchesChecksum, readScript } from './migrations-folder.ts';
import { failureOf, hasProgress, readProgress } from './progress.ts';

/** A migration of which an earlier start committed some of its own transactions. */
export interface Interrupted {
  readonly migration: Migration;
  /** Of its record. */
  readonly id: string;
  readonly committed: number;
}

/** The history of a database against the folder of an image, with Prisma's meanings. */
export interface HistoryStatus {
  readonly applied: readonly string[];
  /** In the folder, and neither applied nor failed: what `migrate` would run, in order. */
  readonly pending: readonly Migration[];
  /** Begun, and goes on by itself with the transactions that are left. */
  readonly interrupted: readonly Interrupted[];
  /** Begun and neither finished nor marked as rolled back: Prisma's P3009. */
  readonly failed: readonly HistoryRow[];
  /** Applied, and changed in the folder since. */
  readonly edited: readonly string[];
  /** Applied, and not in the folder: the database is ahead of the image. */
  readonly missing: readonly string[];
}

/** @param retryFailed whether a migration that failed between two of its own transactions is tried again */
export function compareHistory(
  rows: readonly HistoryRow[],
  migrations: readonly Migration[],
  { retryFailed }: { readonly retryFailed: boolean },
): HistoryStatus {
  const live = rows.filter((row) => !row.rolledBack);
  const open = live.filter((row) => !row.finished);
  const interrupted = open.flatMap((row) => {
    const found = findInterrupted(row, migrations);
    return found === undefined || (!retryFailed && failureOf(row.logs) !== null) ? [] : [found];
  });
  const goesOn = new Set(interrupted.map(({ id }) => id));
  const finished = live.filter((row) => row.finished);
  const applied = new Set(finished.map(({ name }) => name));
  // Of several records the engine compares the first.
  const recorded = new Map(live.toReversed().map((row) => [row.name, row.checksum]));
  const known = new Set(migrations.map(({ name }) => name));
  const isAhead = ({ name, logs }: HistoryRow) => !known.has(name) && hasProgress(logs);
  const begun = new Set(live.map(({ name }) => name));
  return {
    applied: migrations.filter(({ name }) => applied.has(name)).map(({ name }) => name),
    pending: migrations.filter(({ name }) => !begun.has(name)),
    interrupted,
    failed: open.filter((row) => !goesOn.has(row.id ?? '') && !isAhead(row)).map(shown),
    edited: migrations
      .filter(({ name }) => applied.has(name))
      .filter((migration) => isEdited(migration, recorded.get(migration.name)))
      .map(({ name }) => name),
    missing: [...applied, ...open.filter(isAhead).map(({ name }) => name)]
      .filter((name) => !known.has(name))
      .map(plainLine),
  };
}

/** Whoever may write to the history chooses the name. */
function shown(row: HistoryRow): HistoryRow {
  return { ...row, name: plainLine(row.name) };
}

function findInterrupted(
  { name, id, logs }: HistoryRow,
  migrations: readonly Migration[],
): Interrupted | undefined {
  if (id === null || !hasProgress(logs)) return undefined;
  const migration = migrations.find((known) => known.name === name);
  const committed = migration === undefined ? undefined : readProgress(logs, readScript(migration));
  return migration === undefined || committed === undefined ? undefined : { migration, id, committed };
}

function isEdited(migration: Migration, checksum: string | undefined): boolean {
  return checksum !== undefined && !matchesChecksum(migration, checksum);
}
