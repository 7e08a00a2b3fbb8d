import type { Context } from '../../lib/context.ts';
import { connectionLost, isConnectionLoss } from '../../lib/database/connection-lost.ts';
import { faultPoint } from '../../lib/fault-point.ts';
import type { StepLog } from '../../lib/step-log.ts';
import { ApplyError, StepsRefused } from '../../prisma/apply-error.ts';
import { applyScript } from '../../prisma/apply-script.ts';
import type { Database } from '../../prisma/database.ts';
import { insertFailed, type MigrationRecord } from '../../prisma/migration-record.ts';
import { parseScript, type Script } from '../../prisma/script.ts';
import { RESET_POOLED, RESET_SESSION } from '../../prisma/session-reset.ts';
import type { BootLock } from '../boot-lock.ts';
import { describeServerError, explainScriptError } from './failure.ts';
import { withLockRetries } from './lock-retries.ts';
import { isOvertaken, overtaken } from './overtaken.ts';
import { poolerUnsuitable } from './pooler.ts';
import type { MigrateConfig, MigrateTarget, PendingMigrations } from './settings.ts';
import { watchScript } from './watch-script.ts';

interface Applied {
  readonly name: string;
  readonly durationMs: number;
}

interface Surroundings {
  readonly database: Database;
  readonly lock: BootLock;
  readonly target: MigrateTarget & PendingMigrations;
  readonly config: MigrateConfig;
  readonly context: Context;
  readonly log: StepLog;
  /** `_prisma_migrations`, qualified and quoted. */
  readonly table: string;
  readonly noticesLostClient: boolean;
}

/** Applies one migration after the other as the engine hands them over, and sees to their records. */
export class MigrationApplier {
  readonly #in: Surroundings;
  #running: Promise<Applied | undefined> = Promise.resolve(undefined);

  constructor(surroundings: Surroundings) {
    this.#in = surroundings;
  }

  /**
   * Sends a script once the one before it is through, and does not wait for its end: while the server works, the
   * engine gets the next one ready. Throws what the one before it failed of.
   */
  async apply(record: MigrationRecord, content: string): Promise<void> {
    const script = parseScript(content);
    const before = await this.#running;
    this.#running = this.#apply(record, script);
    // Whoever waits for it next is told.
    this.#running.catch(() => undefined);
    this.#report(before);
  }

  /**
   * Waits for the script that was sent last; throws a BootError that explains a failure, or the ShutdownError of a
   * signal.
   */
  async finish(): Promise<void> {
    this.#report(await this.#running);
  }

  #report(applied: Applied | undefined): void {
    if (applied === undefined) return;
    const { name, durationMs } = applied;
    this.#in.log.info('applied', name, { migration: name, durationMs });
  }

  async #apply(record: MigrationRecord, script: Script): Promise<Applied> {
    const { lock, context } = this.#in;
    context.shutdown.signal.throwIfAborted();
    lock.lost.throwIfAborted();
    const started = performance.now();
    await this.#applyWatched(record, script);
    return { name: record.name, durationMs: Math.round(performance.now() - started) };
  }

  async #applyWatched(record: MigrationRecord, script: Script): Promise<void> {
    const { database, lock, target, config, context, log, table, noticesLostClient } = this.#in;
    const watch = watchScript(database, record.name, config.lockTimeoutMs, lock.lost, context, log);
    const options = {
      ...config,
      table,
      schema: database.session.settings.schema,
      reset: database.isPooled ? RESET_POOLED : RESET_SESSION,
      noticesLostClient,
      mayRunInSteps: !database.isPooled,
      isFollowed: record.name !== target.pending.at(-1)?.name,
      onSend: watch.sent,
    };
    try {
      await withLockRetries(record.name, watch, context, log, () =>
        applyScript(database.session, record, script, options).finally(watch.answered),
      );
    } catch (error) {
      throw await this.#explainFailure(error, record, script);
    } finally {
      await watch.stop();
    }
  }

  async #explainFailure(error: unknown, record: MigrationRecord, script: Script): Promise<unknown> {
    const { database, lock, target, config, context } = this.#in;
    const { signal } = context.shutdown;
    if (error instanceof ApplyError && this.#leavesRecord(error)) await this.#recordFailure(error, record);
    if (signal.aborted) return signal.reason;
    if (lock.lost.aborted) return connectionLost(database.session.settings, lock.lost.reason);
    if (error instanceof StepsRefused)
      return poolerUnsuitable(database, [`${record.name} (${error.message})`]);
    if (!(error instanceof ApplyError)) return error;
    if (isOvertaken(error)) return overtaken(record.name, error);
    return explainScriptError(error, record.name, script, target, config.retryFailed, database);
  }

  /** A script that was rolled back leaves a record only where Prisma's way is asked for. */
  #leavesRecord(error: ApplyError): boolean {
    const { config, context } = this.#in;
    if (isConnectionLoss(error.cause.cause)) return false;
    if (!error.atomicity.atomic) return true;
    return !config.retryFailed && !context.shutdown.signal.aborted && !isOvertaken(error);
  }

  async #recordFailure({ cause }: ApplyError, record: MigrationRecord): Promise<void> {
    const { database, table } = this.#in;
    const logs = cause.database === undefined ? cause.message : describeServerError(cause.database);
    faultPoint('failure:record');
    await database.session.query(insertFailed(table, record, logs));
    faultPoint('failure:recorded');
  }
}
