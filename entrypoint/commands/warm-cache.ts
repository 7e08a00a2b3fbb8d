import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import module from 'node:module';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EXIT_STATUS } from '../lib/errors.ts';
import { findHealthPath, findNextDir } from '../steps/check-build/health-path.ts';
import type { Invocation } from './command.ts';

const HOST = '127.0.0.1';
const PATIENCE_MS = 60_000;
const LOOK_MS = 50;
/** Nothing listens there: the boot goes as far as it can without a database. */
const NO_DATABASE = 'postgresql://nobody@127.0.0.1:1/none';

/**
 * Fills Node.js's compile cache for the entrypoint and the server, while an image is built: both run once, without a
 * database, and leave their compiled code in the folder that NODE_COMPILE_CACHE names.
 * @see https://nodejs.org/api/module.html#module-compile-cache
 */
export async function warmCache({ appDir, environment, early, context }: Invocation): Promise<number> {
  return context.steps.run('server', async (log) => {
    const { NODE_COMPILE_CACHE: folder } = environment.variables;
    const server = early.serverFile;
    if (folder === undefined || !('enableCompileCache' in module)) {
      log.skipped(
        folder === undefined
          ? 'NODE_COMPILE_CACHE names no folder to fill'
          : `Node.js ${process.versions.node} has no compile cache, 22.1 and later have`,
      );
      return EXIT_STATUS.ok.status;
    }
    const env: NodeJS.ProcessEnv = {
      ...environment.variables,
      NODE_ENV: 'production',
      HOSTNAME: HOST,
      PORT: String(early.port),
      LOG_LEVEL: 'silent',
      DATABASE_URL: NO_DATABASE,
      ENTRYPOINT_DB_TIMEOUT: '1ms',
    };
    const run = (file: string) =>
      spawn(process.execPath, [resolve(appDir, file)], { cwd: appDir, env, stdio: 'ignore' });
    await once(run('entrypoint.js'), 'exit');
    const child = run(server);
    const ended = once(child, 'exit');
    const answered = await Promise.race([
      waitForAnswers(early.port, findHealthPath(early.healthPath, findNextDir(resolve(appDir, server)))),
      ended.then(() => false),
    ]);
    child.kill('SIGTERM');
    await ended;
    if (answered) log.done(`compiled code of the entrypoint and the server is in ${folder}`);
    else
      log.warn(
        'unanswered',
        `the server did not answer while the cache was filled: ${folder} may lack its code`,
      );
    return EXIT_STATUS.ok.status;
  });
}

/** Asks for the page and the health of the server until both have answered, whatever they answer. */
async function waitForAnswers(port: number, healthPath: string): Promise<boolean> {
  const until = performance.now() + PATIENCE_MS;
  const waiting = new Set(['/', healthPath]);
  while (waiting.size > 0 && performance.now() < until) {
    for (const path of waiting) if (await answers(port, path)) waiting.delete(path);
    await delay(LOOK_MS);
  }
  return waiting.size === 0;
}

function answers(port: number, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    get({ host: HOST, port, path, agent: false }, (response) => {
      response.resume().on('end', () => resolve(true));
    }).on('error', () => resolve(false));
  });
}
