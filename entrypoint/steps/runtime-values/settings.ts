/** What to put into a build when the container starts, as `zarpe.config.json` says. */
export interface RuntimeValuesConfig {
  readonly placeholders: readonly Placeholder[];
  /** Of names: `__NAME__` of each that begins with one is a placeholder too. */
  readonly prefixes: readonly string[];
  readonly browserEnv: BrowserEnvConfig | undefined;
  /** The folder for the builds with values. */
  readonly writeTo: string;
  /** The values of all these names, as far as they are set. */
  readonly values: Readonly<Record<string, string>>;
}

/** The values, and the app whose build they are for. */
export interface ValuesTarget {
  readonly appDir: string;
  readonly runtimeValues: RuntimeValuesConfig;
  /** Whether this process lives as long as the server does. */
  readonly isSupervised: boolean;
}

/** A script that gives the browser values of the environment, in the convention of next-runtime-env. */
export interface BrowserEnvConfig {
  /** From the folder of the server. */
  readonly file: string;
  readonly names: readonly string[];
  readonly prefixes: readonly string[];
}

/** A variable and the text that the build has in its place. */
export interface Placeholder {
  readonly name: string;
  readonly text: string;
}

/** A placeholder of a variable by its name alone: `__NAME__`. */
export const textOf = (name: string) => `__${name}__`;
