import { check } from './check.ts';
import type { Command } from './command.ts';
import { explain } from './explain.ts';
import { healthcheck } from './healthcheck.ts';
import { migrate } from './migrate.ts';
import { resolve } from './resolve.ts';
import { seed } from './seed.ts';
import { start } from './start.ts';
import { status } from './status.ts';
import { wait } from './wait.ts';

/** Every subcommand, in the order `--help` shows them; the first is the default. */
export const COMMANDS: readonly Command[] = [
  start,
  check,
  migrate,
  status,
  resolve,
  seed,
  wait,
  healthcheck,
  explain,
];
