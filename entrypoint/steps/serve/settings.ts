export interface ServerConfig {
  readonly port: number;
  readonly hostname: string;
  /** As configured: `findHealthPath` has the default. */
  readonly healthPath: string | undefined;
  readonly shutdownTimeoutMs: number | undefined;
  readonly handover: 'spawn' | 'exec' | 'auto';
  /** Whether the server loads while the database is prepared; `auto`: if Next.js generated it. */
  readonly preload: 'auto' | 'on' | 'off';
  /** Names of the variables that are set and need a supervisor. */
  readonly supervised: readonly string[];
}

export interface ServerTarget {
  readonly appDir: string;
  readonly serverPath: string;
  /** Whether Next.js generated it: such a server runs none of the app's code before it listens. */
  readonly isNextServer: boolean;
  readonly appEnv: NodeJS.ProcessEnv;
  /** The arguments after `--` on our command line. */
  readonly args: readonly string[];
}

/** The arguments of Node.js: our own flags, the server, and its arguments. */
export function nodeArguments(target: ServerTarget, ...flags: readonly string[]): string[] {
  return [...process.execArgv, ...flags, target.serverPath, ...target.args];
}
