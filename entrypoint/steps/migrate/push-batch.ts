import { faultPoint } from '../../core/fault-point.ts';
import { ComposedQuery } from '../../migrations/apply/composed-query.ts';
import { runQuery } from '../../migrations/apply/script-query.ts';
import { pushPath } from '../../migrations/apply/script-settings.ts';
import type { MigrateDeps } from './apply-deps.ts';
import { beginPlan, type PushPlan, planPush, schemasOf } from './plan-push.ts';
import { holdTables } from './push-tables.ts';
import type { MigrateTarget } from './settings.ts';

/** A new value of an enum can be used once it is committed. */
const ENDS_BATCH = /^\s*ALTER TYPE\b[\s\S]*\bADD VALUE\b/m;

/**
 * Plans and applies in one transaction, so that what the plan has seen is true until it is committed.
 * @param pushed the statements that are committed by now
 */
export async function pushBatch(
  { database, target, config }: MigrateDeps<MigrateTarget>,
  pushed: readonly string[],
  ask: PushPlan['ask'],
): Promise<{ readonly statements: readonly string[]; readonly isLast: boolean }> {
  const { session } = database;
  const { prisma, appDir } = target;
  const before =
    pushed.length === 0 ? 'Nothing was changed.' : 'Nothing was changed but for new values of enums.';
  const schemas = schemasOf(database, prisma);
  const { versionNum } = database.server;
  const limits = { ...config, versionNum, schema: session.settings.schema, noticesLostClient: false };
  try {
    await session.send(beginPlan('read write', config, database.server));
    const plan = await planPush(database, { appDir, prisma, hold: 'ACCESS EXCLUSIVE', ask, before });
    faultPoint('push:planned');
    await holdTables(database, schemas, ask);
    const last = plan.findIndex((statement) => ENDS_BATCH.test(statement));
    const statements = last === -1 ? plan : plan.slice(0, last + 1);
    const own = ['SET LOCAL row_security TO DEFAULT', ...pushPath(limits, schemas[0])];
    await runQuery(session, new ComposedQuery().add(...own, ...statements, 'COMMIT'));
    faultPoint('push:committed');
    return { statements, isLast: statements.length === plan.length };
  } catch (error) {
    if (!session.lost.aborted) await session.send('rollback').catch(() => undefined);
    throw error;
  }
}
