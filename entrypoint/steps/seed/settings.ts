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
  /** Whether the migrations before it succeeded. */
  readonly migrated: boolean;
}
