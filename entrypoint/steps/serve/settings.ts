export interface ServerConfig {
  readonly port: number;
  readonly hostname: string;
  /** Whether anything answers on the port; a worker does not. */
  readonly listens: boolean;
  /** As configured: `findHealthPath` has the default. */
  readonly healthPath: string | undefined;
  readonly shutdownTimeoutMs: number | undefined;
  readonly handover: 'spawn' | 'exec' | 'auto';
  /** Whether the server loads while the database is prepared; `auto`: if Next.js generated it. */
  readonly preload: 'auto' | 'on' | 'off';
  /** Names of the variables that are set and need a supervisor. */
  readonly supervised: readonly string[];
}

/** The program that runs as the server. */
export interface ServerProgram {
  /** A file and its arguments; `node` is the Node.js that runs Zarpe. */
  readonly command: readonly string[];
  /** The folder that it runs in. */
  readonly dir: string;
  /** As the log shows it. */
  readonly name: string;
}

export interface ServerTarget extends ServerProgram {
  /** Whether Next.js generated it: such a server runs none of the app's code before it listens. */
  readonly isNextServer: boolean;
  readonly appEnv: NodeJS.ProcessEnv;
  /** The arguments after `--` on our command line. */
  readonly args: readonly string[];
}

/** The file to execute and its arguments. Node.js gets our own flags and the given ones, before its script. */
export function commandLine(target: ServerTarget, ...nodeFlags: readonly string[]): [string, string[]] {
  const [program = 'node', ...args] = [...target.command, ...target.args];
  if (program !== 'node') return [program, args];
  return [process.execPath, [...process.execArgv, ...nodeFlags, ...args]];
}
