import { accessSync, constants } from 'node:fs';
import type { Context } from '../core/context.ts';
import { BootError, SERVER_DIED } from '../core/errors.ts';
import { faultPoint } from '../core/fault-point.ts';
import type { StepLog } from '../core/step-log.ts';
import type { ChildResult } from '../lib/child-process.ts';
import { codeOf } from '../lib/describe-error.ts';
import { findPortProblem } from './check-port.ts';
import { startsEarly } from './serve/early-start.ts';
import { replaceProcess, wantsExec } from './serve/exec.ts';
import type { reportFirstAnswer } from './serve/first-answer.ts';
import type { ServerProcess } from './serve/server-process.ts';
import type { ServerConfig, ServerTarget } from './serve/settings.ts';

/** The server of the boot; dropped when the boot ends without having served. */
export interface PendingServer extends AsyncDisposable {
  readonly target: ServerTarget;
  /** Its process, where it loads while the database is prepared. */
  readonly process: ServerProcess | undefined;
}

/**
 * Starts the server where it can load without listening, so that it and the database are ready at the same time. One
 * that is known to listen on the port does not start where it cannot have it.
 */
export async function loadServer(
  target: ServerTarget,
  config: ServerConfig,
  context: Context,
): Promise<PendingServer> {
  const process = startsEarly(target, config, context.log)
    ? (await importServerProcess()).startGated(target, context)
    : undefined;
  // Looked at while the process starts: that takes longer.
  const problem = target.isNextServer ? await findPortProblem(config) : undefined;
  if (problem !== undefined) {
    await process?.drop();
    return context.steps.run('server', () => Promise.reject(problem));
  }
  if (process?.pid === undefined) return { target, process: undefined, async [Symbol.asyncDispose]() {} };
  context.log.info(
    { step: 'server', event: 'loading', pid: process.pid },
    `${target.serverPath} is process ${process.pid}, and listens when the database is ready`,
  );
  return { target, process, [Symbol.asyncDispose]: () => process.drop() };
}

/**
 * Runs `node server.js` and ends as it ends: its exit status, or 128 + n for a signal.
 * @param appEnv its environment; one that loads already learns what has changed
 */
export async function serve(
  server: PendingServer,
  appEnv: NodeJS.ProcessEnv,
  config: ServerConfig,
  context: Context,
): Promise<number> {
  return context.steps.run('server', async (log) => {
    context.shutdown.signal.throwIfAborted();
    const target = { ...server.target, appEnv };
    if (server.process === undefined) checkReadable(target.serverPath);
    if (wantsExec(config)) return replaceProcess(target, config, context, log);
    faultPoint('server:before');
    const process = server.process ?? (await importServerProcess()).start(target, context);
    const answered = new AbortController();
    if (process.pid !== undefined) {
      process.admit(appEnv);
      faultPoint('server:spawned');
      log.info('running', `${target.serverPath} runs as process ${process.pid}`, { pid: process.pid });
      void watchStart(config, process.startedAt, answered.signal, log);
    }
    const result = await process.supervise(context, config.shutdownTimeoutMs);
    answered.abort();
    reportEnd(result, context.shutdown.signal.aborted, log);
    return result.status;
  });
}

/** Not under exec, which starts no process: node:child_process takes a while to load. */
async function importServerProcess(): Promise<typeof ServerProcess> {
  return (await import('./serve/server-process.ts')).ServerProcess;
}

/** Not awaited by `serve`, which must hear signals for the server as soon as there is one. */
async function watchStart(...args: Parameters<typeof reportFirstAnswer>): Promise<void> {
  await (await import('./serve/first-answer.ts')).reportFirstAnswer(...args);
}

function reportEnd({ status, signal }: ChildResult, wasAsked: boolean, log: StepLog): void {
  const how = signal === undefined ? `exit status ${status}` : signal;
  if (status === 0 || wasAsked) {
    log.done(`the server ended with ${how}`, { exitStatus: status });
    return;
  }
  const outOfMemory = signal === 'SIGKILL' ? ', as it does where the container has no memory left' : '';
  const message = `the server ended by itself with ${how}${outOfMemory}`;
  log.failed(message, { exitStatus: status, error: { code: SERVER_DIED, message } });
}

function checkReadable(serverPath: string): void {
  try {
    accessSync(serverPath, constants.R_OK);
  } catch (error) {
    const problem = {
      what: serverPath,
      expected: 'a readable server',
      got: codeOf(error),
      hint: 'See that nothing removes it while the container starts.',
    };
    throw new BootError('SERVER_UNSTARTABLE', problem, error);
  }
}
