import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import type { Context } from '../../lib/context.ts';
import type { StepLog } from '../../lib/step-log.ts';
import { ApplyError, applyScript } from '../../prisma/apply-script.ts';
import type { Database } from '../../prisma/database.ts';
import { EngineAdapterFactory } from '../../prisma/engine-adapter.ts';
import { insertStarted, type MigrationRecord } from '../../prisma/migration-record.ts';
import type { MigrationsFolder } from '../../prisma/migrations-folder.ts';
import { createSchemaEngine, toMigrationList } from '../../prisma/schema-engine.ts';
import { historyTable } from '../../prisma/survey.ts';
import type { BootLock } from '../boot-lock.ts';
import type { MigrateConfig, MigrateTarget } from '../migrate.ts';
import { explainEngineError, explainScriptError } from './failure.ts';
import { withLockRetries } from './lock-retries.ts';
import { watchScript } from './watch-script.ts';

/** Applies what is pending with Prisma's schema engine, on the connection that holds the lock. */
export async function migrateEmbedded(
  database: Database,
  lock: BootLock,
  target: MigrateTarget & { readonly folder: MigrationsFolder },
  config: MigrateConfig,
  context: Context,
  log: StepLog,
): Promise<void> {
  const { session } = database;
  const { shutdown } = context;
  const schema = database.state.schema ?? session.settings.schema ?? null;
  const table = historyTable(schema);
  const unrecorded = new Set<string>();
  let failure: unknown;

  const apply = async (record: MigrationRecord, script: string): Promise<void> => {
    shutdown.signal.throwIfAborted();
    lock.lost.throwIfAborted();
    const started = performance.now();
    const watch = watchScript(database, record.name, config.lockTimeoutMs, context, log);
    try {
      const applied = await withLockRetries(record.name, watch, context, log, () =>
        applyScript(session, record, script, {
          ...config,
          table,
          schema: session.settings.schema,
          onSend: watch.sent,
        }),
      );
      if (applied.recorded) unrecorded.add(record.id);
      log.info('applied', record.name, {
        migration: record.name,
        durationMs: Math.round(performance.now() - started),
      });
    } catch (error) {
      shutdown.signal.throwIfAborted();
      if (error instanceof ApplyError && error.atomicity.atomic) {
        if (config.retryFailed) unrecorded.add(record.id);
        else await session.query(insertStarted(table, record));
      }
      throw error instanceof ApplyError
        ? await explainScriptError(error, record.name, script, target, config.retryFailed, database)
        : error;
    } finally {
      await watch.stop();
    }
  };
  /** The engine turns what a hook throws into a text; the error itself is kept. */
  const keepFailure = async (work: Promise<void>) => {
    await work.catch((error: unknown) => {
      failure ??= error;
      throw error;
    });
  };

  const factory = new EngineAdapterFactory(session, schema, {
    table,
    acquireLock: () => keepFailure(lock.holdPrismaLock()),
    apply: (record, script) => keepFailure(apply(record, script)),
    keepsRecord: (id) => !unrecorded.has(id),
  });
  try {
    await session.query("set time zone 'UTC'");
    const engine = await createSchemaEngine(
      bindMigrationAwareSqlAdapterFactory(factory),
      target.prisma.schemas,
      () => undefined,
    );
    try {
      await engine.applyMigrations({
        migrationsList: toMigrationList(target.folder),
        filters: { externalTables: [], externalEnums: [] },
      });
    } finally {
      engine.free();
    }
  } catch (error) {
    throw failure ?? explainEngineError(error, target);
  }
}
