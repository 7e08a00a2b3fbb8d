import type { Config } from '../../config.ts';
import { BootError } from '../../core/errors.ts';
import type { Database } from '../../database/database.ts';
import { readOnly } from '../../database/read-only.ts';
import { count } from '../../lib/count.ts';
import type { Migration } from '../../migrations/migrations-folder.ts';
import type { PrismaFolder } from '../../steps/check-build/check-prisma.ts';
import { type Finding, failures, ok, warning } from './finding.ts';

export interface PushReport {
  readonly findings: readonly Finding[];
  /** What the boot would run, as one migration. */
  readonly script: readonly Migration[];
}

/** Of a database that does not exist yet, only the boot finds out. */
const UNKNOWN: Migration = { name: 'push', script: Buffer.from('DO $$ BEGIN END $$') };

/**
 * What the boot would push.
 * @param database undefined for one that does not exist yet
 */
export async function checkPush(
  database: Database | undefined,
  prisma: PrismaFolder | undefined,
  { appDir, database: { connection }, migrate }: Config,
): Promise<PushReport> {
  if (migrate.mode !== 'push' || prisma === undefined) return { findings: [], script: [] };
  if (database === undefined)
    return { findings: [ok('migrate', 'the boot would push the schema')], script: [UNKNOWN] };
  try {
    const { previewPush } = await import('../../steps/migrate/plan-push.ts');
    const statements = await previewPush(database, { prisma, appDir }, migrate);
    if (statements.length === 0)
      return { findings: [ok('migrate', 'nothing to push: the database has the schema')], script: [] };
    if (database.state.server.readOnly)
      throw readOnly(connection, `${count(statements.length, 'change')} of the schema to push`);
    const message = `the boot would push ${count(statements.length, 'change')} of the schema`;
    return {
      findings: [
        warning(
          'migrate',
          message,
          statements.flatMap((statement) => statement.split('\n')),
        ),
      ],
      script: [{ name: 'push', script: Buffer.from(statements.join(';\n')) }],
    };
  } catch (error) {
    if (!(error instanceof BootError)) throw error;
    return { findings: failures('migrate', error), script: [] };
  }
}
