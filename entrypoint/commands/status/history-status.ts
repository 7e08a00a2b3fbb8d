import type { Config } from '../../config.ts';
import type { Database } from '../../database/database.ts';
import { compareHistory } from '../../migrations/history.ts';
import type { PrismaFolder } from '../../steps/check-build/check-prisma.ts';
import { type StatusReport, section, tally } from './status-report.ts';

const MEANING = {
  applied: 'applied',
  pending: 'pending: the next start applies them',
  interrupted: 'interrupted between two of their transactions: the next start resumes them',
  failed: 'failed or interrupted: manual action required, then `resolve`',
  edited: 'edited after they were applied',
  missing: 'missing from the image: applied to the database by a newer one',
} as const;

/** The migration history, compared with the folder. */
export async function historyStatus(
  database: Database,
  prisma: PrismaFolder,
  { appDir, migrate }: Config,
): Promise<StatusReport> {
  const history = compareHistory(database.history, prisma.folder?.migrations ?? [], migrate);
  const json: Record<keyof typeof MEANING, readonly string[]> = {
    applied: history.applied,
    pending: history.pending.map(({ name }) => name),
    interrupted: history.interrupted.map(({ migration }) => migration.name),
    failed: history.failed.map(({ name }) => name),
    edited: history.edited,
    missing: history.missing,
  };
  const sections = Object.entries(MEANING).map(([key, meaning]) =>
    (key === 'applied' ? tally : section)(json[key as keyof typeof MEANING], meaning),
  );
  return {
    json,
    text: sections.join('\n'),
    refusal: database.state.history === null ? await wouldRefuse(database, prisma, appDir) : undefined,
    isClean: Object.entries(json).every(([key, names]) => key === 'applied' || names.length === 0),
  };
}

/** The refusal of the next start, if the database has tables and no history. */
async function wouldRefuse(database: Database, { folder, schemas }: PrismaFolder, appDir: string) {
  if (folder === undefined || folder.migrations.length === 0) return undefined;
  const { rehearse } = await import('../../steps/migrate/rehearse.ts');
  const refusal = await rehearse(database, { appDir, folder, schemas });
  return refusal?.code === 'DATABASE_NOT_EMPTY' ? refusal : undefined;
}
