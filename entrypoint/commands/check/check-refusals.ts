import type { Config } from '../../config.ts';
import { BootError } from '../../core/errors.ts';
import type { Database } from '../../database/database.ts';
import type { Migration } from '../../migrations/migrations-folder.ts';
import type { PrismaFolder } from '../../steps/check-build/check-prisma.ts';
import { refuseAutocommitBehindPooler } from '../../steps/migrate/pooler.ts';
import { type Finding, failures } from './finding.ts';

/** What the boot would refuse, before it applies anything of what is pending. */
export async function checkRefusals(
  database: Database,
  config: Config,
  prisma: PrismaFolder | undefined,
  pending: readonly Migration[],
): Promise<Finding[]> {
  const { readOnly } = database.state.server;
  if (prisma?.folder === undefined || pending.length === 0 || readOnly) return [];
  try {
    if (prisma.cli === undefined) refuseAutocommitBehindPooler(database, pending);
  } catch (error) {
    if (!(error instanceof BootError)) throw error;
    return failures('migrate', error);
  }
  const isOpen = database.state.history?.some(({ finished, rolledBack }) => !finished && !rolledBack);
  if (isOpen === true) return [];
  const { rehearse } = await import('../../steps/migrate/rehearse.ts');
  const refusal = await rehearse(database, { ...config, ...prisma, folder: prisma.folder });
  return refusal === undefined ? [] : failures('migrate', refusal);
}
