import type { Context } from '../../lib/context.ts';
import { isConnectionLoss } from '../../lib/database/connection-lost.ts';
import { faultPoint } from '../../lib/fault-point.ts';
import type { StepLog } from '../../lib/step-log.ts';
import { ApplyError, applyScript } from '../../prisma/apply-script.ts';
import type { Database } from '../../prisma/database.ts';
import { insertStarted, type MigrationRecord } from '../../prisma/migration-record.ts';
import type { MigrationsFolder } from '../../prisma/migrations-folder.ts';
import { RESET_POOLED, RESET_SESSION } from '../../prisma/session-reset.ts';
import type { BootLock } from '../boot-lock.ts';
import { explainScriptError } from './failure.ts';
import { withLockRetries } from './lock-retries.ts';
import type { MigrateConfig, MigrateTarget } from './settings.ts';
import { watchScript } from './watch-script.ts';

interface Surroundings {
  readonly database: Database;
  readonly lock: BootLock;
  readonly target: MigrateTarget & { readonly folder: MigrationsFolder };
  readonly config: MigrateConfig;
  readonly context: Context;
  readonly log: StepLog;
  /** `_prisma_migrations`, qualified and quoted. */
  readonly table: string;
}

/** Applies one migration after the other as the engine hands them over, and sees to their records. */
export class MigrationApplier {
  readonly #in: Surroundings;
  /** Records the engine has nothing to write to: complete already, or rolled back with their script. */
  readonly #settled = new Set<string>();

  constructor(surroundings: Surroundings) {
    this.#in = surroundings;
  }

  /** Whether the engine may write to the row of a migration. */
  keepsRecord(id: string): boolean {
    return !this.#settled.has(id);
  }

  /** Applies a script; throws a BootError that explains a failure, or the ShutdownError of a signal. */
  async apply(record: MigrationRecord, script: string): Promise<void> {
    const { lock, context, log } = this.#in;
    context.shutdown.signal.throwIfAborted();
    lock.lost.throwIfAborted();
    const started = performance.now();
    await this.#applyWatched(record, script);
    this.#settled.add(record.id);
    const durationMs = Math.round(performance.now() - started);
    log.info('applied', record.name, { migration: record.name, durationMs });
  }

  async #applyWatched(record: MigrationRecord, script: string): Promise<void> {
    const { database, config, context, log, table } = this.#in;
    const { schema } = database.session.settings;
    const reset = database.isPooled ? RESET_POOLED : RESET_SESSION;
    const watch = watchScript(database, record.name, config.lockTimeoutMs, context, log);
    const options = { ...config, table, schema, reset, onSend: watch.sent };
    try {
      await withLockRetries(record.name, watch, context, log, () =>
        applyScript(database.session, record, script, options),
      );
    } catch (error) {
      throw await this.#settleFailure(error, record, script);
    } finally {
      await watch.stop();
    }
  }

  /** A script that was rolled back leaves a record only where Prisma's way is asked for. */
  async #settleFailure(error: unknown, record: MigrationRecord, script: string): Promise<unknown> {
    const { database, target, config, context, table } = this.#in;
    const { signal } = context.shutdown;
    if (!(error instanceof ApplyError)) return error;
    if (error.atomicity.atomic && (config.retryFailed || signal.aborted)) this.#settled.add(record.id);
    else if (error.atomicity.atomic && !isConnectionLoss(error.cause.cause)) {
      faultPoint('failure:record');
      await database.session.query(insertStarted(table, record));
      faultPoint('failure:recorded');
    }
    if (signal.aborted) return signal.reason;
    return explainScriptError(error, record.name, script, target, config.retryFailed, database);
  }
}
