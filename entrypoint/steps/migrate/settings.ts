import type { Interrupted } from '../../migrations/history.ts';
import type { Migration, MigrationsFolder } from '../../migrations/migrations-folder.ts';
import type { ConnectionSettings } from '../../postgres/connection-settings.ts';
import type { AppConnection } from '../../postgres/driver-url.ts';
import type { PrismaFolder } from '../check-build/check-prisma.ts';

export interface MigrateConfig {
  readonly mode: 'deploy' | 'push' | 'skip';
  readonly onError: 'abort' | 'continue';
  readonly retryFailed: boolean;
  readonly lockTimeoutMs: number | undefined;
  readonly statementTimeoutMs: number | undefined;
  /** For all migrations together. */
  readonly timeoutMs: number | undefined;
  readonly whenAhead: 'warn' | 'refuse';
}

export interface PendingMigrations {
  readonly folder: MigrationsFolder;
  /** Of the folder, in the order they are applied. */
  readonly pending: readonly Migration[];
  /** Before them: those that an earlier start committed a part of. */
  readonly interrupted: readonly Interrupted[];
}

export interface MigrateResult {
  /** False where a migration failed and ENTRYPOINT_MIGRATE_ON_ERROR=continue. */
  readonly migrated: boolean;
  /** The names of the migrations that this boot applied; undefined where one failed. */
  readonly applied: readonly string[] | undefined;
}

export interface MigrateTarget {
  readonly appDir: string;
  readonly prisma: PrismaFolder;
  readonly database: {
    readonly connection: ConnectionSettings;
    readonly url: string;
    readonly ofApp: readonly AppConnection[];
    readonly lockTimeoutMs: number;
  };
  /** The environment of the Prisma CLI, for the engine `cli`. */
  readonly appEnv: NodeJS.ProcessEnv;
}
