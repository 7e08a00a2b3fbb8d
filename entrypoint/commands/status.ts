import { EXIT_STATUS } from '../core/errors.ts';
import type { Database } from '../database/database.ts';
import { plainLine } from '../lib/plain-text.ts';
import { compareHistory } from '../migrations/history.ts';
import type { PrismaFolder } from '../steps/check-build/check-prisma.ts';
import { checkPrismaFolder } from '../steps/check-build.ts';
import { waitForTableLocks, withDatabase } from '../steps/with-database.ts';
import type { Invocation } from './command.ts';
import { selectDatabase } from './select-database.ts';

export async function status({ config: read, flags, context, print }: Invocation): Promise<number> {
  const config = selectDatabase(read(), 'status', flags);
  const prisma = await checkPrismaFolder(config.appDir, { ...config.build, engine: 'embedded' }, context);
  const { rows, refusal } = await withDatabase(
    config,
    { createDatabase: false },
    context,
    async (database) => {
      await waitForTableLocks(database, context);
      const rows = database.history;
      const refusal =
        database.state.history === null ? await wouldRefuse(database, prisma, config.appDir) : undefined;
      return { rows, refusal };
    },
  );
  const history = compareHistory(rows, prisma.folder?.migrations ?? [], config.migrate);
  const report = {
    applied: history.applied,
    pending: history.pending.map(({ name }) => name),
    interrupted: history.interrupted.map(({ migration }) => migration.name),
    failed: history.failed.map(({ name }) => name),
    edited: history.edited,
    missing: history.missing,
  };
  print(flags.json === true ? report : toTable(report));
  if (refusal !== undefined) throw refusal;
  const isClean = [report.pending, report.interrupted, report.failed, report.edited, report.missing].every(
    (names) => names.length === 0,
  );
  return isClean ? EXIT_STATUS.ok.status : EXIT_STATUS.migration.status;
}

/** The refusal of the next start, if the database has tables and no history. */
async function wouldRefuse(database: Database, { folder, schemas }: PrismaFolder, appDir: string) {
  if (folder === undefined || folder.migrations.length === 0) return undefined;
  const { rehearse } = await import('../steps/migrate/rehearse.ts');
  const refusal = await rehearse(database, { appDir, folder, schemas });
  return refusal?.code === 'DATABASE_NOT_EMPTY' ? refusal : undefined;
}

const MEANING = {
  applied: 'applied',
  pending: 'pending: the next start applies them',
  interrupted: 'interrupted between two of their transactions: the next start resumes them',
  failed: 'failed or interrupted: manual action required, then `resolve`',
  edited: 'edited after they were applied',
  missing: 'missing from the image: applied to the database by a newer one',
} as const;

function toTable(report: Readonly<Record<keyof typeof MEANING, readonly string[]>>): string {
  const sections = Object.entries(MEANING).map(([key, meaning]) => {
    const names = report[key as keyof typeof MEANING];
    return `${String(names.length).padStart(5)}  ${meaning}${key === 'applied' ? '' : names.map((name) => `\n         ${plainLine(name)}`).join('')}`;
  });
  return sections.join('\n');
}
