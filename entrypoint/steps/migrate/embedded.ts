import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import { faultPoint } from '../../core/fault-point.ts';
import type { Database } from '../../database/database.ts';
import { prepareGuard } from '../../database/history-guard.ts';
import { checksum } from '../../migrations/checksum.ts';
import { EngineAdapterFactory } from '../../migrations/engine/engine-adapter.ts';
import { createSchemaEngine, toMigrationList } from '../../migrations/engine/schema-engine.ts';
import type { MigrationRecord } from '../../migrations/migration-record.ts';
import { readScript } from '../../migrations/migrations-folder.ts';
import { parseScript } from '../../migrations/script/script.ts';
import { connectionLost, isConnectionLoss } from '../../postgres/connection-lost.ts';
import type { ApplyDeps, MigrateDeps } from './apply-deps.ts';
import { applyMigration } from './apply-migration.ts';
import { explainEngineError } from './engine-failure.ts';
import type { MigrateTarget, PendingMigrations } from './settings.ts';

/** Applies what is pending with Prisma's schema engine, on the connection that holds the lock. */
export async function migrateEmbedded(given: MigrateDeps<MigrateTarget & PendingMigrations>): Promise<void> {
  const { database, target } = given;
  const table = database.historyTable;
  const deps = { ...given, table, noticesLostClient: await canNoticeLostClient(database) };
  if (!database.isPooled) await database.session.query(prepareGuard(table));
  await finishInterrupted(deps);
  if (target.pending.length === 0) return;
  let running = Promise.resolve();
  /** Sends a script once the one before it is done; while the server works, the engine prepares the next one. */
  const apply = async (record: MigrationRecord, content: string) => {
    const script = parseScript(content);
    await running;
    running = applyMigration(record, script, 0, deps);
    // Thrown to whoever awaits it next.
    running.catch(() => undefined);
  };
  let failure: unknown;
  /** The engine makes an error of its own of what a hook throws. */
  const keepFailure = (work: Promise<void>) =>
    work.catch((error: unknown) => {
      failure ??= error;
      throw error;
    });
  const factory = new EngineAdapterFactory(database.session, database.state.schema, {
    table,
    isThere: () => database.hasHistory,
    scope: database.isPooled ? 'pooled' : 'session',
    apply: (record, script) => keepFailure(apply(record, script)),
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
      await keepFailure(running);
    }
    faultPoint('engine:done');
  } catch (error) {
    if (failure !== undefined) throw failure;
    if (factory.refusal !== undefined) throw factory.refusal;
    const { session } = database;
    throw (await session.isAlive())
      ? explainEngineError(error, target)
      : connectionLost(session.settings, session.lost.reason ?? error);
  }
}

/** Finishes migrations of which an earlier start committed some transactions: the engine would refuse their records. */
async function finishInterrupted(deps: ApplyDeps): Promise<void> {
  for (const { migration, id, committed } of deps.target.interrupted) {
    const script = readScript(migration);
    const record = { id, name: migration.name, checksum: checksum(migration.script), isOpen: true };
    deps.log.info(
      'resumed',
      `${migration.name}: an earlier start committed ${committed} of its transactions; continuing after them`,
      {
        migration: migration.name,
        committed,
      },
    );
    await applyMigration(record, script, committed, deps);
  }
}

/** PostgreSQL 14 and later, on systems that report a closed connection. */
async function canNoticeLostClient({ session }: Database): Promise<boolean> {
  try {
    await session.query("select pg_catalog.set_config('client_connection_check_interval', '2s', true)");
    return true;
  } catch (error) {
    if (isConnectionLoss(error)) throw error;
    return false;
  }
}
