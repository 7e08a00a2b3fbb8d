import type { ConnectionSettings } from '../../postgres/connection-settings.ts';

export interface WaitConfig {
  readonly connection: ConnectionSettings;
  readonly timeoutMs: number;
  readonly minVersion: number | undefined;
}

export interface WaitOptions {
  /** Candidates for the table whose rows decide whether to seed. */
  readonly seedTables: readonly string[];
  /** Whether to create a missing database, as `prisma migrate deploy` does. */
  readonly createDatabase: boolean;
}
