import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import type { Context } from '../../lib/context.ts';
import { connectionLost, isConnectionLoss } from '../../lib/database/connection-lost.ts';
import { faultPoint } from '../../lib/fault-point.ts';
import type { StepLog } from '../../lib/step-log.ts';
import type { Database } from '../../prisma/database.ts';
import { EngineAdapterFactory } from '../../prisma/engine-adapter.ts';
import { createSchemaEngine, toMigrationList } from '../../prisma/schema-engine.ts';
import { historyTable } from '../../prisma/survey.ts';
import type { BootLock } from '../boot-lock.ts';
import { MigrationApplier } from './apply-migration.ts';
import { explainEngineError } from './failure.ts';
import type { MigrateConfig, MigrateTarget, PendingMigrations } from './settings.ts';

/** Applies what is pending with Prisma's schema engine, on the connection that holds the lock. */
export async function migrateEmbedded(
  database: Database,
  lock: BootLock,
  target: MigrateTarget & PendingMigrations,
  config: MigrateConfig,
  context: Context,
  log: StepLog,
): Promise<void> {
  const table = historyTable(database.state.schema);
  const noticesLostClient = await canNoticeLostClient(database);
  const applier = new MigrationApplier({
    database,
    lock,
    target,
    config,
    context,
    log,
    table,
    noticesLostClient,
  });
  let failure: unknown;
  /** The engine makes an error of its own of what a hook throws. */
  const keepFailure = (work: Promise<void>) =>
    work.catch((error: unknown) => {
      failure ??= error;
      throw error;
    });
  const factory = new EngineAdapterFactory(database.session, database.state.schema, {
    table,
    acquireLock: () => keepFailure(lock.holdPrismaLock()),
    apply: (record, script) => keepFailure(applier.apply(record, script)),
  });
  try {
    faultPoint('engine:load');
    const adapter = bindMigrationAwareSqlAdapterFactory(factory);
    const engine = await createSchemaEngine(adapter, target.prisma.schemas, () => undefined);
    faultPoint('engine:start');
    try {
      await engine.applyMigrations({
        migrationsList: toMigrationList(target.folder),
        filters: { externalTables: [], externalEnums: [] },
      });
    } finally {
      engine.free();
      await keepFailure(applier.finish());
    }
    faultPoint('engine:done');
  } catch (error) {
    if (failure !== undefined) throw failure;
    const { session } = database;
    throw (await session.isAlive())
      ? explainEngineError(error, target)
      : connectionLost(session.settings, session.lost.reason ?? error);
  }
}

/** PostgreSQL 14 and later, on systems that tell it of a closed connection. */
async function canNoticeLostClient({ session }: Database): Promise<boolean> {
  try {
    await session.query("select set_config('client_connection_check_interval', '2s', true)");
    return true;
  } catch (error) {
    if (isConnectionLoss(error)) throw error;
    return false;
  }
}
