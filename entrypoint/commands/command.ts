import type { EarlySettings } from '../config/early-settings.ts';
import type { ResolvedEnvironment } from '../config/environment.ts';
import type { Config } from '../config.ts';
import type { Context } from '../core/context.ts';

export interface Flag {
  readonly type: 'boolean' | 'string';
  readonly short?: string;
  /** What the help calls the value of a flag that has one. */
  readonly value?: string;
  readonly summary: string;
}

export type Flags = Readonly<Record<string, Flag>>;

/** One run of a command: what was asked, and what it may use. */
export interface Invocation {
  readonly flags: Readonly<Record<string, string | boolean | undefined>>;
  /** What followed `--`. */
  readonly rest: readonly string[];
  readonly appDir: string;
  readonly environment: ResolvedEnvironment;
  readonly early: EarlySettings;
  /** The whole configuration; throws when it is wrong. */
  config(): Config;
  readonly context: Context;
  /** Writes a result to standard output, an object as JSON, secrets redacted. */
  print(result: string | object): void;
  /** Writes text that is the same everywhere, and so can hold no secret, as it is. */
  printHelp(text: string | object): void;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** What follows the name in the usage line. */
  readonly usage: string;
  readonly flags: Flags;
  /** A failure of it is a failed boot: others are told of it, and the container may be held. */
  readonly isBoot: boolean;
  /** Prints a result on standard output, so that its log goes to standard error. */
  readonly printsResult: boolean;
  /** What runs it; answers with the exit status. */
  load(): Promise<(invocation: Invocation) => Promise<number>>;
}
