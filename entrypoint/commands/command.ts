import type { EarlySettings } from '../config/early-settings.ts';
import type { ResolvedEnvironment } from '../config/environment.ts';
import type { AnyConfig } from '../config.ts';
import type { Context } from '../core/context.ts';

export interface Flag {
  readonly type: 'boolean' | 'string';
  readonly short?: string;
  /** The placeholder in the help for the flag's value. */
  readonly value?: string;
  readonly summary: string;
}

export type Flags = Readonly<Record<string, Flag>>;

/** One run of a command: its arguments and its tools. */
export interface Invocation {
  readonly flags: Readonly<Record<string, string | boolean | undefined>>;
  /** The argument beside the flags, of a command that takes one. */
  readonly argument: string | undefined;
  /** The arguments after `--`. */
  readonly rest: readonly string[];
  readonly appDir: string;
  readonly environment: ResolvedEnvironment;
  readonly early: EarlySettings;
  /** The whole configuration; throws if it is invalid. */
  config(): AnyConfig;
  readonly context: Context;
  /** Writes a result to standard output, an object as JSON, secrets redacted. */
  print(result: string | object): void;
  /** Writes text without redaction: help texts are constant and contain no secrets. */
  printHelp(text: string | object): void;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** The arguments in the usage line. */
  readonly usage: string;
  /** Whether one argument may stand beside the flags. */
  readonly takesArgument?: boolean;
  readonly flags: Flags;
  /** A failure is a failed boot: it triggers the alert webhook, and `ENTRYPOINT_HOLD` applies. */
  readonly isBoot: boolean;
  /** Prints a result to standard output, so that its log goes to standard error. */
  readonly printsResult: boolean;
  /** Loads the function that runs it and returns the exit status. */
  load(): Promise<(invocation: Invocation) => Promise<number>>;
}
