import { bindMigrationAwareSqlAdapterFactory, DriverAdapterError } from '@prisma/driver-adapter-utils';
import pg from 'pg';
import type { Context } from '../../lib/context.ts';
import { connectionLost, isConnectionLoss } from '../../lib/database/connection-lost.ts';
import { BootError } from '../../lib/errors.ts';
import { faultPoint } from '../../lib/fault-point.ts';
import type { StepLog } from '../../lib/step-log.ts';
import type { Database } from '../../prisma/database.ts';
import { EngineAdapterFactory } from '../../prisma/engine-adapter.ts';
import type { MigrationsFolder } from '../../prisma/migrations-folder.ts';
import { createSchemaEngine, toMigrationList } from '../../prisma/schema-engine.ts';
import { historyTable } from '../../prisma/survey.ts';
import type { BootLock } from '../boot-lock.ts';
import { MigrationApplier } from './apply-migration.ts';
import { explainEngineError } from './failure.ts';
import type { MigrateConfig, MigrateTarget } from './settings.ts';

/** Applies what is pending with Prisma's schema engine, on the connection that holds the lock. */
export async function migrateEmbedded(
  database: Database,
  lock: BootLock,
  target: MigrateTarget & { readonly folder: MigrationsFolder },
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
  /** The engine turns what a hook throws into the text of a failed record; the error itself is kept. */
  const keepFailure = async (work: Promise<void>) => {
    await work.catch((error: unknown) => {
      failure ??= error;
      throw toDriverError(error);
    });
  };
  const factory = new EngineAdapterFactory(database.session, database.state.schema, {
    table,
    acquireLock: () => keepFailure(lock.holdPrismaLock()),
    apply: (record, script) => keepFailure(applier.apply(record, script)),
    keepsRecord: (id) => applier.keepsRecord(id),
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
      faultPoint('engine:done');
    } finally {
      engine.free();
    }
  } catch (error) {
    if (failure !== undefined) throw failure;
    const { session } = database;
    throw (await session.isAlive())
      ? explainEngineError(error, target)
      : connectionLost(session.settings, session.lost.reason ?? error);
  }
}

/** PostgreSQL's own words, in the form in which the engine takes them from a driver adapter. */
function toDriverError(error: unknown): unknown {
  const cause = error instanceof BootError ? error.cause : undefined;
  if (!(cause instanceof pg.DatabaseError)) return error;
  const { code = '', severity = 'ERROR', message, detail, column, hint } = cause;
  return new DriverAdapterError({ kind: 'postgres', code, severity, message, detail, column, hint });
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
