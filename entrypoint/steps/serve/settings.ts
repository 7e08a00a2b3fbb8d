export interface ServerConfig {
  readonly port: number;
  readonly hostname: string;
  readonly healthPath: string;
  readonly shutdownTimeoutMs: number | undefined;
  readonly handover: 'spawn' | 'exec' | 'auto';
  /** The variables that were set and that only a supervisor can honour. */
  readonly supervised: readonly string[];
}

export interface ServerTarget {
  readonly appDir: string;
  readonly serverPath: string;
  readonly appEnv: NodeJS.ProcessEnv;
  /** What followed `--` on our command line. */
  readonly args: readonly string[];
}
