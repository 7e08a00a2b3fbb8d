import { statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type Finding, ok, warning } from './finding.ts';

/** The user it runs as, the port, and who may read `.env`. */
export async function checkMachine(appDir: string, port: number, hostname: string): Promise<Finding[]> {
  return [checkUser(), await checkPort(port, hostname), ...checkEnvFile(appDir)];
}

function checkUser(): Finding {
  const uid = process.getuid?.();
  if (uid === undefined) return ok('server', 'runs on a system without user ids');
  return uid === 0
    ? warning('server', 'runs as root: give the image a USER')
    : ok('server', `runs as uid ${uid}`);
}

function checkPort(port: number, hostname: string): Promise<Finding> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => {
      const code = 'code' in error ? error.code : error.message;
      resolve(
        warning(
          'server',
          `port ${port} on ${hostname} cannot be bound (${code}): fine where the server runs already`,
        ),
      );
    });
    server.listen(port, hostname, () =>
      server.close(() => resolve(ok('server', `port ${port} on ${hostname} is free`))),
    );
  });
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
