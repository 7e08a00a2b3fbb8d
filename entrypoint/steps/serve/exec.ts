import type { Context } from '../../core/context.ts';
import type { StepLog } from '../../core/step-log.ts';
import { nodeArguments, type ServerConfig, type ServerTarget } from './settings.ts';

type Execve = (file: string, args: readonly string[], env: NodeJS.ProcessEnv) => never;

/** Node.js has had it since 22.15 and 23.11, on POSIX systems. */
function findExecve(): Execve | undefined {
  return 'execve' in process && typeof process.execve === 'function'
    ? (process.execve.bind(process) as Execve)
    : undefined;
}

/** Whether this Node.js can replace a process by another program. */
export function hasExecve(): boolean {
  return findExecve() !== undefined;
}

/** Whether the server is to replace this process: as asked, or under `auto` where nothing asks for a supervisor. */
export function wantsExec(config: ServerConfig): boolean {
  return (
    config.handover === 'exec' ||
    (config.handover === 'auto' && hasExecve() && config.supervised.length === 0)
  );
}

/** The server becomes this process: same pid, signals from the kernel, no memory spent on us. Does not return. */
export function replaceProcess(
  target: ServerTarget,
  config: ServerConfig,
  { shutdown }: Context,
  log: StepLog,
): never {
  if (config.supervised.length > 0) {
    log.warn(
      'unsupervised',
      `without a supervisor these have no effect from here on: ${config.supervised.join(', ')}`,
    );
  }
  log.done(`handing this process over to ${target.serverPath}`, { pid: process.pid });
  const execve = findExecve();
  if (execve === undefined) throw new Error('the configuration admits exec only where Node.js has it');
  shutdown.signal.throwIfAborted();
  process.chdir(target.appDir);
  return execve(process.execPath, [process.execPath, ...nodeArguments(target)], target.appEnv);
}
