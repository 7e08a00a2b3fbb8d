import type { Context } from '../core/context.ts';
import { BootError, SERVER_DIED } from '../core/errors.ts';
import { faultPoint } from '../core/fault-point.ts';
import type { StepLog } from '../core/step-log.ts';
import type { ChildResult } from '../lib/child-process.ts';
import { codeOf } from '../lib/describe-error.ts';
import { findCommandProblem } from '../lib/find-command.ts';
import { findPortProblem } from './check-port.ts';
import { startsEarly } from './serve/early-start.ts';
import { replaceProcess, wantsExec } from './serve/exec.ts';
import type { reportFirstResponse } from './serve/first-response.ts';
import type { ServerProcess } from './serve/server-process.ts';
import type { ServerConfig, ServerTarget } from './serve/settings.ts';

/** The server before the boot hands over to it. Disposing of it kills its process if `serve` never ran. */
export interface PendingServer extends AsyncDisposable {
  readonly target: ServerTarget;
  /** The process that loads while the database is prepared, if the server starts early. */
  readonly process: ServerProcess | undefined;
}

/**
 * Starts the server if it can load without listening, so that it and the database are ready at the same time. Throws if
 * Next.js could not listen on the port.
 */
export async function loadServer(
  target: ServerTarget,
  config: ServerConfig,
  context: Context,
): Promise<PendingServer> {
  const process = startsEarly(target, config, context.log)
    ? (await importServerProcess()).startGated(target, context)
    : undefined;
  // The check runs while the process starts, which takes longer.
  const problem = target.isNextServer ? await findPortProblem(config) : undefined;
  if (problem !== undefined) {
    await process?.drop();
    return context.steps.run('server', () => Promise.reject(problem));
  }
  if (process?.pid === undefined) return { target, process: undefined, async [Symbol.asyncDispose]() {} };
  context.log.info(
    { step: 'server', event: 'loading', pid: process.pid },
    `loading ${target.name} (pid ${process.pid}); it will listen once the database is ready`,
  );
  return { target, process, [Symbol.asyncDispose]: () => process.drop() };
}

/**
 * Runs the server and returns its exit status, or 128 + n for a signal.
 * @param appEnv its environment; a process that is loading already receives the differences
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
    if (server.process === undefined) checkStartable(target);
    faultPoint('server:before');
    if (wantsExec(config)) return await explained(target, () => replaceProcess(target, config, context, log));
    const process = server.process ?? (await startNow(target, context));
    const responded = new AbortController();
    if (process.pid !== undefined) {
      process.admit(appEnv);
      faultPoint('server:spawned');
      log.info('running', `running ${target.name} (pid ${process.pid})`, { pid: process.pid });
      if (config.listens) void watchStart(config, process.startedAt, responded.signal, log);
    }
    const result = await process.supervise(context, config.shutdownTimeoutMs).catch((error: unknown) => {
      throw explainUnstartable(error, target);
    });
    responded.abort();
    if (result === undefined) {
      log.warn('survived', `could not kill ${target.name}: process ${process.pid}`);
      throw context.shutdown.signal.reason;
    }
    reportExit(result, context, log);
    return result.status;
  });
}

/** Imported only when a process is started: node:child_process takes a while to load. */
async function importServerProcess(): Promise<typeof ServerProcess> {
  return (await import('./serve/server-process.ts')).ServerProcess;
}

async function startNow(target: ServerTarget, context: Context): Promise<ServerProcess> {
  const Process = await importServerProcess();
  return await explained(target, () => Process.start(target, context));
}

/** Of some errors, such as E2BIG, Node.js throws at once. */
async function explained<Result>(
  target: ServerTarget,
  start: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await start();
  } catch (error) {
    throw explainUnstartable(error, target);
  }
}

/** `serve` does not await it: signals must reach the server from the first moment. */
async function watchStart(...args: Parameters<typeof reportFirstResponse>): Promise<void> {
  await (await import('./serve/first-response.ts')).reportFirstResponse(...args);
}

function reportExit({ status, signal }: ChildResult, { shutdown }: Context, log: StepLog): void {
  const how = signal === undefined ? `with status ${status}` : `on ${signal}`;
  if (status === 0 || shutdown.signal.aborted) {
    log.done(`the server exited ${how}`, { exitStatus: status });
    return;
  }
  const oomKilled = signal === 'SIGKILL' ? '; the container may be out of memory (OOMKilled)' : '';
  const message = `the server exited unexpectedly ${how}${oomKilled}`;
  log.failed(message, { exitStatus: status, error: { code: SERVER_DIED, message } });
}

/** The command was checked when the boot began. */
function checkStartable({ command, dir, name, appEnv }: ServerTarget): void {
  const problem = findCommandProblem(command, { dir, searchPath: appEnv.PATH });
  if (problem === undefined) return;
  throw new BootError('SERVER_UNSTARTABLE', {
    message: `Could not start ${name}, which was complete when the boot began: ${problem}`,
    hint: 'Check that nothing removes or replaces it while the container starts.',
  });
}

const UNSTARTABLE = new Set(['ENOENT', 'EACCES', 'ENOEXEC', 'ENOTDIR', 'EPERM', 'ELOOP', 'ETXTBSY', 'E2BIG']);

function explainUnstartable(error: unknown, { name }: ServerTarget): unknown {
  const code = codeOf(error);
  if (!UNSTARTABLE.has(code)) return error;
  const problem = {
    message: `Could not start ${name} (${code})`,
    hint: 'Check that the program is built for this system and that the user of the container may run it.',
  };
  return new BootError('SERVER_UNSTARTABLE', problem, error);
}
