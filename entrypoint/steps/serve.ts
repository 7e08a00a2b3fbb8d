import { accessSync, constants } from 'node:fs';
import { superviseChild } from '../lib/child-process.ts';
import type { Context } from '../lib/context.ts';
import { BootError } from '../lib/errors.ts';
import { faultPoint } from '../lib/fault-point.ts';
import type { StepLog } from '../lib/step-log.ts';
import { replaceProcess, wantsExec } from './serve/exec.ts';
import type { ServerConfig, ServerTarget } from './serve/settings.ts';

/** Runs `node server.js` and ends as it ends: its exit status, or 128 + n for a signal. */
export async function serve(target: ServerTarget, config: ServerConfig, context: Context): Promise<number> {
  return context.steps.run('server', async (log) => {
    context.shutdown.signal.throwIfAborted();
    checkReadable(target.serverPath);
    const args = [...process.execArgv, target.serverPath, ...target.args];
    if (wantsExec(config)) {
      return replaceProcess(args, target, config, context, log);
    }
    faultPoint('server:before');
    const answered = new AbortController();
    const spawned = performance.now();
    const result = await superviseChild(process.execPath, args, {
      cwd: target.appDir,
      env: target.appEnv,
      shutdown: context.shutdown,
      shutdownTimeoutMs: config.shutdownTimeoutMs,
      onSpawn: (child) => {
        faultPoint('server:spawned');
        log.info('spawned', `${target.serverPath} is process ${child.pid}`, { pid: child.pid });
        void watchStart(config, spawned, answered.signal, log);
      },
    });
    answered.abort();
    const how = result.signal === undefined ? `exit status ${result.status}` : result.signal;
    log.done(`the server ended with ${how}`, { exitStatus: result.status });
    return result.status;
  });
}

/** Tells when the server answers first, and then gives back the memory that the boot took. */
async function watchStart(
  config: ServerConfig,
  spawned: number,
  signal: AbortSignal,
  log: StepLog,
): Promise<void> {
  const { reportFirstAnswer } = await import('./serve/first-answer.ts');
  await reportFirstAnswer(config, spawned, signal, log);
  const { releaseMemory } = await import('../lib/release-memory.ts');
  releaseMemory();
}

function checkReadable(serverPath: string): void {
  try {
    accessSync(serverPath, constants.R_OK);
  } catch (error) {
    const problem = {
      what: serverPath,
      expected: 'a readable server',
      got: error instanceof Error && 'code' in error ? String(error.code) : 'none',
      action: 'See that nothing removes it while the container starts.',
    };
    throw new BootError('SERVER_UNSTARTABLE', problem, error);
  }
}
