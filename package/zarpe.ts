import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleSeed } from './commands/bundle-seed.ts';
import { init } from './commands/init.ts';
import { Interrupted, ProgramError } from './failure.ts';
import type { Assets } from './plan.ts';

declare const ZARPE_VERSION: string;

/** The exit status of arguments that are not understood, as in the table of the entrypoint. */
const USAGE = 64;
/** That of a shell for a program that SIGINT ended. */
const INTERRUPTED = 130;
const COMMANDS: Record<string, (args: string[], assets: Assets) => Promise<number>> = {
  init,
  'bundle-seed': bundleSeed,
};

/**
 * The program of the package: `zarpe init` and `zarpe bundle-seed` for a project, everything else for the entrypoint, with
 * the working directory as the folder of the app.
 */
async function main([command = '', ...args]: string[]): Promise<void> {
  const folder = dirname(realpathSync(process.argv[1] ?? '.'));
  const run = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
  if (run === undefined) {
    process.env.ENTRYPOINT_APP_DIR ||= process.cwd();
    await import(pathToFileURL(join(folder, 'entrypoint.js')).href);
    return;
  }
  try {
    process.exitCode = await run(args, { folder, version: ZARPE_VERSION });
  } catch (error) {
    process.exitCode = report(error);
  }
}

function report(error: unknown): number {
  if (error instanceof Interrupted) return INTERRUPTED;
  if (error instanceof ProgramError) {
    console.error(`${error.message}.\n${error.hint}`);
    return 1;
  }
  if (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) {
    console.error(`${error.message}\nzarpe init --help and zarpe bundle-seed --help list the flags.`);
    return USAGE;
  }
  console.error(error);
  return 1;
}

void main(process.argv.slice(2));
