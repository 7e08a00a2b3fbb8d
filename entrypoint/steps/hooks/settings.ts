import type { ServerConfig } from '../serve/settings.ts';

/** When a hook runs. The exclusive ones before the server run first, before the boot lock is released. */
export const HOOK_STAGES = {
  beforeMigrate: 'before-migrate',
  afterMigrate: 'after-migrate',
  beforeServerExclusive: 'before-server',
  beforeServer: 'before-server',
} as const;

export type HookStage = keyof typeof HOOK_STAGES;

/** A command of the app's own that the boot runs. */
export interface Hook {
  /** As messages name it. */
  readonly name: string;
  readonly command: readonly string[];
  /** Runs under the boot lock: in one replica at a time. */
  readonly exclusive: boolean;
  /** Is skipped with a warning where the image lacks it. */
  readonly optional: boolean;
  readonly timeoutMs: number;
  readonly onError: 'abort' | 'continue';
}

export type HooksConfig = Readonly<Record<HookStage, readonly Hook[]>>;

export interface HookTarget {
  readonly appDir: string;
  readonly appEnv: NodeJS.ProcessEnv;
  readonly server: Pick<ServerConfig, 'shutdownTimeoutMs'>;
  readonly hooks: HooksConfig;
}

/** What the boot knows when a hook runs. */
export interface BootFacts {
  /** The migrations that this boot applied; undefined before it migrated, or if a migration failed. */
  readonly applied?: readonly string[] | undefined;
  /** False if a migration failed and the boot goes on. */
  readonly migrated?: boolean;
  readonly seeded?: boolean;
}

/** What the server, and the hooks before it, run with once the database is prepared. */
export interface Prepared {
  readonly appEnv: NodeJS.ProcessEnv;
  readonly facts: BootFacts;
}
