import { basename, join } from 'node:path';
import * as z from 'zod/mini';
import { readTextFile } from '../../lib/regular-file.ts';

const PACKAGE_MANAGERS = new Set(['npm', 'npx', 'pnpm', 'pnpx', 'yarn', 'yarnpkg', 'corepack']);
const SHELLS = new Set(['sh', 'ash', 'bash', 'dash']);
const MAX_MANIFEST_BYTES = 1024 * 1024;

/** Why a program that starts the server and stays its parent is a bad server command, and what to write instead. */
export function findParentWarning(command: readonly string[], dir: string): string | undefined {
  const [program = '', ...args] = command;
  const name = basename(program);
  if (PACKAGE_MANAGERS.has(name)) {
    const script = findScript(args, dir);
    const instead = script === undefined ? 'the program that it starts' : `what its script runs: ${script}`;
    return `ENTRYPOINT_SERVER_COMMAND starts ${name}, which stays between Zarpe and the server and may neither pass signals on nor return the server’s exit status; write ${instead}`;
  }
  const code = args[args.indexOf('-c') + 1] ?? '';
  if (!SHELLS.has(name) || !args.includes('-c') || /(?:^|[;&|\s])exec\s/.test(code)) return undefined;
  return `ENTRYPOINT_SERVER_COMMAND starts ${name}, which may stay between Zarpe and the server and passes no signals on; write the program itself, or exec before it: ${name} -c 'exec …'`;
}

/** The script of `package.json` that `npm start`, `npm run NAME` or `yarn NAME` runs. */
function findScript(args: readonly string[], dir: string): string | undefined {
  try {
    const text = readTextFile(join(dir, 'package.json'), MAX_MANIFEST_BYTES) ?? '';
    const { scripts } = z.object({ scripts: z.record(z.string(), z.string()) }).parse(JSON.parse(text));
    const name = args.find((arg) => !arg.startsWith('-') && arg !== 'run' && arg !== 'run-script');
    return name === undefined || !Object.hasOwn(scripts, name) ? undefined : scripts[name];
  } catch {
    return undefined;
  }
}
