import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import module from 'node:module';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { WRITE_TO } from '../config/runtime-values.ts';
import { EXIT_STATUS } from '../core/errors.ts';
import { findHealthPath } from '../core/health-path.ts';
import type { ServerSource } from '../core/server-source.ts';
import { endOf } from '../lib/child-process.ts';
import type { Invocation } from './command.ts';
import { withScratchFolder } from './warm-cache/scratch-folder.ts';

const HOST = '127.0.0.1';
const PATIENCE_MS = 60_000;
const LOOK_MS = 50;
/** Nothing listens on this port: the boot gets as far as it can without a database. */
const NO_DATABASE = 'postgresql://nobody@127.0.0.1:1/none?sslmode=disable';

/**
 * Fills the compile cache of Node.js for the entrypoint and the server while an image is built: both run once, without a
 * database, and write their compiled code to the folder NODE_COMPILE_CACHE.
 * @see https://nodejs.org/api/module.html#module-compile-cache
 */
export async function warmCache(invocation: Invocation): Promise<number> {
  const { environment, early, context } = invocation;
  return context.steps.run('server', async (log) => {
    const { NODE_COMPILE_CACHE: folder } = environment.variables;
    if (folder === undefined || !('enableCompileCache' in module)) {
      log.skipped(
        folder === undefined
          ? 'skipped: NODE_COMPILE_CACHE is not set'
          : `skipped: Node.js ${process.versions.node} has no compile cache (22.1 and later have one)`,
      );
      return EXIT_STATUS.ok.status;
    }
    const answered = await withScratchFolder(folder, (scratch) => runBoth(invocation, scratch));
    if (answered) log.done(`wrote the compile cache of the entrypoint and the server to ${folder}`);
    else if (!early.listens) log.done(`wrote the compile cache of the entrypoint to ${folder}`);
    else
      log.warn(
        'unanswered',
        `the server did not answer, so the compile cache in ${folder} may be incomplete`,
      );
    return EXIT_STATUS.ok.status;
  });
}

/** Whether the server answered. Neither of the two is left running. */
async function runBoth(
  { appDir, environment, early, context }: Invocation,
  scratch: string,
): Promise<boolean> {
  const { children, shutdown } = context;
  const env: NodeJS.ProcessEnv = {
    ...environment.variables,
    NODE_ENV: 'production',
    HOSTNAME: HOST,
    PORT: String(early.port),
    LOG_LEVEL: 'silent',
    DATABASE_URL: NO_DATABASE,
    ENTRYPOINT_DATABASE: 'required',
    ENTRYPOINT_DB_TIMEOUT: '1ms',
    ENTRYPOINT_HOLD: 'off',
    ENTRYPOINT_ALERT_WEBHOOK: undefined,
    TMPDIR: scratch,
    [WRITE_TO]: scratch,
  };
  const run = (source: ServerSource) => {
    const child = spawnServer(source, appDir, env);
    const ended = endOf(child);
    children.add(ended, (signal) => child.kill(signal));
    return ended;
  };
  const patience = AbortSignal.any([shutdown.signal, AbortSignal.timeout(PATIENCE_MS)]);
  const healthPath = findHealthPath(early.healthPath, appDir, early.server);
  try {
    await Promise.race([run({ file: 'entrypoint.js' }), once(patience, 'abort')]);
    if (!early.listens) return false;
    const failed = () => false;
    return await Promise.race([
      waitForAnswers(early.port, ['/', healthPath], patience),
      run(early.server).then(failed, failed),
    ]);
  } finally {
    await children.terminate();
    shutdown.signal.throwIfAborted();
  }
}

function spawnServer(source: ServerSource, appDir: string, env: NodeJS.ProcessEnv): ChildProcess {
  const isFile = 'file' in source;
  const [program = 'node', ...args] = isFile ? ['node', resolve(appDir, source.file)] : source.command;
  const cwd = isFile ? appDir : resolve(appDir, source.dir);
  return spawn(program === 'node' ? process.execPath : program, args, { cwd, env, stdio: 'ignore' });
}

/** Requests each path until all have answered, with any status; false if the signal is aborted first. */
async function waitForAnswers(port: number, paths: readonly string[], signal: AbortSignal): Promise<boolean> {
  const waiting = new Set(paths);
  while (waiting.size > 0 && !signal.aborted) {
    for (const path of waiting) if (await answers(port, path, signal)) waiting.delete(path);
    await delay(LOOK_MS);
  }
  return waiting.size === 0;
}

function answers(port: number, path: string, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    get({ host: HOST, port, path, agent: false, signal }, (response) => {
      response
        .on('error', () => resolve(false))
        .on('end', () => resolve(true))
        .resume();
    }).on('error', () => resolve(false));
  });
}
