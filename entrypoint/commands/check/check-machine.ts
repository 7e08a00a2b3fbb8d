import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type Address, findPortProblem } from '../../steps/check-port.ts';
import { type Finding, failures, ok, warning } from './finding.ts';

/**
 * Whether the server's port is free.
 * @param mustBeFree whether the boot, here, would fail because of it; otherwise it is a warning
 */
export async function checkPort(
  address: Address & { readonly listens: boolean },
  { mustBeFree }: { mustBeFree: boolean },
): Promise<Finding[]> {
  if (!address.listens) return [ok('server', 'nothing listens on PORT (ENTRYPOINT_HEALTH_PATH=off)')];
  const problem = await findPortProblem(address);
  if (problem === undefined) return [ok('server', `port ${address.port} on ${address.hostname} is free`)];
  const found = failures('server', problem);
  return mustBeFree ? found : found.map(({ message }) => warning('server', message));
}

/** The user of the process, and the permissions of `.env`. */
export function checkMachine(appDir: string): Finding[] {
  return [checkUser(), ...checkEnvFile(appDir)];
}

function checkUser(): Finding {
  const uid = process.getuid?.();
  if (uid === undefined) return ok('server', 'this system has no user IDs');
  return uid === 0
    ? warning('server', 'the process runs as root; set USER in the Dockerfile')
    : ok('server', `the process runs as uid ${uid}`);
}

function checkEnvFile(appDir: string): Finding[] {
  try {
    const mode = statSync(join(appDir, '.env')).mode & 0o777;
    if ((mode & 0o077) === 0) return [];
    return [
      warning(
        'config',
        `.env has mode ${mode.toString(8)}, which gives other users access to its secrets; run chmod 600 .env`,
      ),
    ];
  } catch {
    return [];
  }
}
