import type { ServerConfig } from '../serve/settings.ts';

export interface SeedConfig {
  readonly mode: 'auto' | 'always' | 'never';
  readonly table: string | undefined;
  readonly command: string | undefined;
  readonly timeoutMs: number;
  readonly onError: 'abort' | 'continue';
}

export interface SeedTarget {
  readonly appDir: string;
  readonly appEnv: NodeJS.ProcessEnv;
  readonly server: Pick<ServerConfig, 'shutdownTimeoutMs'>;
  /** Whether the migrations before it succeeded. */
  readonly migrated: boolean;
}
