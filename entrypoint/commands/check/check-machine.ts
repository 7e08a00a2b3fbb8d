import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type Finding, ok, warning } from './finding.ts';

/** The user it runs as, and who may read `.env`. */
export function checkMachine(appDir: string): Finding[] {
  return [checkUser(), ...checkEnvFile(appDir)];
}

function checkUser(): Finding {
  const uid = process.getuid?.();
  if (uid === undefined) return ok('server', 'runs on a system without user ids');
  return uid === 0
    ? warning('server', 'runs as root: give the image a USER')
    : ok('server', `runs as uid ${uid}`);
}

function checkEnvFile(appDir: string): Finding[] {
  try {
    const mode = statSync(join(appDir, '.env')).mode & 0o777;
    if ((mode & 0o077) === 0) return [];
    return [
      warning('config', `.env has mode ${mode.toString(8)}: chmod 600 keeps its secrets from other users`),
    ];
  } catch {
    return [];
  }
}
