/** A program and its arguments, without a shell, and where it runs. */
export interface ServerCommand {
  /** The program `node` is the Node.js that runs Zarpe. */
  readonly command: readonly string[];
  /** Relative to the app's folder, or absolute. */
  readonly dir: string;
  /** The `PATH` of the container. */
  readonly searchPath: string | undefined;
}

/** What runs as the server, as configured: the file of a standalone build, or a command. */
export type ServerSource = { readonly file: string } | ServerCommand;
