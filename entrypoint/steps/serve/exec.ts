import { setImmediate as turn } from 'node:timers/promises';
import type { Context } from '../../core/context.ts';
import type { StepLog } from '../../core/step-log.ts';
import { commandLine, type ServerConfig, type ServerTarget } from './settings.ts';

type Execve = (file: string, args: readonly string[], env: NodeJS.ProcessEnv) => never;

/** Node.js 22.15, 23.11 and later have it, on POSIX systems. */
function findExecve(): Execve | undefined {
  return 'execve' in process && typeof process.execve === 'function'
    ? (process.execve.bind(process) as Execve)
    : undefined;
}

/** Whether this Node.js can replace its process with another program. */
export function hasExecve(): boolean {
  return findExecve() !== undefined;
}

/** Whether the server replaces this process: as configured, or with `auto` if no setting needs a supervisor. */
export function wantsExec(config: ServerConfig): boolean {
  return (
    config.handover === 'exec' ||
    (config.handover === 'auto' && hasExecve() && config.supervised.length === 0)
  );
}

/** Replaces this process with the server: same pid, signals straight from the kernel, no memory of ours. Never returns. */
export async function replaceProcess(
  target: ServerTarget,
  config: ServerConfig,
  { shutdown }: Context,
  log: StepLog,
): Promise<never> {
  if (config.supervised.length > 0) {
    log.warn(
      'unsupervised',
      `no effect with ENTRYPOINT_HANDOVER=exec, which leaves no supervisor: ${config.supervised.join(', ')}`,
    );
  }
  log.done(`replacing this process with ${target.name} (exec)`, { pid: process.pid });
  const execve = findExecve();
  if (execve === undefined)
    throw new Error('the configuration must reject exec if Node.js has no process.execve');
  const [file, args] = commandLine(target);
  // A signal that has been caught is heard once the event loop polls: between the first turn and the second.
  await turn();
  await turn();
  shutdown.signal.throwIfAborted();
  process.chdir(target.dir);
  return execve(file, [file, ...args], target.appEnv);
}
