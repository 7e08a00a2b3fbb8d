import { type Migration, matchesChecksum } from './migrations-folder.ts';

/** A row of `_prisma_migrations`, as far as the history needs it. */
export interface HistoryRow {
  readonly name: string;
  readonly checksum: string;
  readonly startedAt: string;
  readonly finished: boolean;
  readonly rolledBack: boolean;
  /** What Prisma noted of a failure; null for rows that did not fail. */
  readonly logs: string | null;
}

/** The history of a database against the folder of an image, with Prisma's meanings. */
export interface HistoryStatus {
  readonly applied: readonly string[];
  /** In the folder, and neither applied nor failed: what `migrate` would run, in order. */
  readonly pending: readonly Migration[];
  /** Begun and neither finished nor marked as rolled back: Prisma's P3009. */
  readonly failed: readonly HistoryRow[];
  /** Applied, and changed in the folder since. */
  readonly edited: readonly string[];
  /** Applied, and not in the folder: the database is ahead of the image. */
  readonly missing: readonly string[];
}

export function compareHistory(rows: readonly HistoryRow[], migrations: readonly Migration[]): HistoryStatus {
  const live = rows.filter((row) => !row.rolledBack);
  const failed = live.filter((row) => !row.finished);
  const finished = live.filter((row) => row.finished);
  const applied = new Set(finished.map(({ name }) => name));
  // Of several records the engine compares the first.
  const recorded = new Map(live.toReversed().map((row) => [row.name, row.checksum]));
  const known = new Set(migrations.map(({ name }) => name));
  const begun = new Set(live.map(({ name }) => name));
  return {
    applied: migrations.filter(({ name }) => applied.has(name)).map(({ name }) => name),
    pending: migrations.filter(({ name }) => !begun.has(name)),
    failed,
    edited: migrations
      .filter(({ name }) => applied.has(name))
      .filter((migration) => isEdited(migration, recorded.get(migration.name)))
      .map(({ name }) => name),
    missing: [...applied].filter((name) => !known.has(name)),
  };
}

function isEdited(migration: Migration, checksum: string | undefined): boolean {
  return checksum !== undefined && !matchesChecksum(migration, checksum);
}
