import type { Config } from '../../config.ts';
import type { Database } from '../../database/database.ts';
import type { PrismaFolder } from '../../steps/check-build/check-prisma.ts';
import { type StatusReport, section } from './status-report.ts';

/** The schema of the image, compared with the database. Throws `PUSH_REFUSED` as the next start would. */
export async function pushStatus(
  database: Database,
  prisma: PrismaFolder,
  { appDir, migrate }: Config,
): Promise<StatusReport> {
  const { previewPush } = await import('../../steps/migrate/plan-push.ts');
  const toPush = await previewPush(database, { prisma, appDir }, migrate);
  return {
    json: { toPush },
    text: section(toPush, 'to push: the next start changes the schema'),
    refusal: undefined,
    isClean: toPush.length === 0,
  };
}
