export interface ServerConfig {
  readonly port: number;
  readonly hostname: string;
  /** As it was set: `findHealthPath` knows the default. */
  readonly healthPath: string | undefined;
  readonly shutdownTimeoutMs: number | undefined;
  readonly handover: 'spawn' | 'exec' | 'auto';
  /** Whether the server loads while the database is prepared; `auto`: where it is Next.js's own. */
  readonly preload: 'auto' | 'on' | 'off';
  /** The variables that were set and that only a supervisor can honour. */
  readonly supervised: readonly string[];
}

export interface ServerTarget {
  readonly appDir: string;
  readonly serverPath: string;
  /** Whether it is the one that Next.js made, which does nothing with the app before it listens. */
  readonly isNextServer: boolean;
  readonly appEnv: NodeJS.ProcessEnv;
  /** What followed `--` on our command line. */
  readonly args: readonly string[];
}

/** What Node.js is given: our own flags, the server, and its arguments. */
export function nodeArguments(target: ServerTarget, ...flags: readonly string[]): string[] {
  return [...process.execArgv, ...flags, target.serverPath, ...target.args];
}
