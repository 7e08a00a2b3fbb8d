import { accessSync, constants } from 'node:fs';
import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { superviseChild } from '../lib/child-process.ts';
import type { Context } from '../lib/context.ts';
import { formatDuration } from '../lib/duration.ts';
import { BootError } from '../lib/errors.ts';
import { faultPoint } from '../lib/fault-point.ts';
import type { StepLog } from '../lib/step-log.ts';
import { canExec, replaceProcess } from './serve/exec.ts';

const FIRST_LOOK_MS = 25;
const LONGEST_LOOK_MS = 1000;
const SILENT_AFTER_MS = 60_000;

export interface ServerConfig {
  readonly port: number;
  readonly hostname: string;
  readonly healthPath: string;
  readonly shutdownTimeoutMs: number | undefined;
  readonly handover: 'spawn' | 'exec' | 'auto';
}

export interface ServerTarget {
  readonly appDir: string;
  readonly serverPath: string;
  readonly appEnv: NodeJS.ProcessEnv;
  /** What followed `--` on our command line. */
  readonly args: readonly string[];
}

/** Runs `node server.js` and ends as it ends: its exit status, or 128 + n for a signal. */
export async function serve(target: ServerTarget, config: ServerConfig, context: Context): Promise<number> {
  return context.steps.run('server', async (log) => {
    context.shutdown.signal.throwIfAborted();
    checkReadable(target.serverPath);
    const args = [...process.execArgv, target.serverPath, ...target.args];
    if (config.handover !== 'spawn' && canExec(config)) return replaceProcess(args, target, context, log);
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
        void reportFirstAnswer(config, spawned, answered.signal, log);
      },
    });
    answered.abort();
    const how = result.signal === undefined ? `exit status ${result.status}` : result.signal;
    log.done(`the server ended with ${how}`, { exitStatus: result.status });
    return result.status;
  });
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

/** Asks until the server answers, whatever it answers, and tells how long that took. */
async function reportFirstAnswer(
  config: ServerConfig,
  spawned: number,
  signal: AbortSignal,
  log: StepLog,
): Promise<void> {
  let pauseMs = FIRST_LOOK_MS;
  let told = false;
  while (!signal.aborted) {
    await delay(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
    pauseMs = Math.min(pauseMs * 1.5, LONGEST_LOOK_MS);
    const sinceMs = Math.round(performance.now() - spawned);
    if (signal.aborted) return;
    if (await answers(config, signal)) {
      log.info('ready', `the server answers on port ${config.port} after ${formatDuration(sinceMs)}`, {
        readyMs: Math.round(performance.now() - spawned),
      });
      return;
    }
    if (sinceMs > SILENT_AFTER_MS && !told) {
      told = true;
      log.warn('silent', `the server has not answered on port ${config.port} for ${formatDuration(sinceMs)}`);
    }
  }
}

function answers(config: ServerConfig, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(
      {
        host: localAddress(config.hostname),
        port: config.port,
        path: config.healthPath,
        agent: false,
        timeout: LONGEST_LOOK_MS * 5,
        signal,
      },
      (response) => {
        response.resume();
        resolve(true);
      },
    );
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}

/** The address to ask a server at that was bound to the given one. */
export function localAddress(hostname: string): string {
  if (hostname === '0.0.0.0') return '127.0.0.1';
  return hostname === '::' ? '::1' : hostname;
}
