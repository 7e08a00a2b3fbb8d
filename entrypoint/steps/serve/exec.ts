import type { Context } from '../../lib/context.ts';
import { BootError } from '../../lib/errors.ts';
import type { StepLog } from '../../lib/step-log.ts';
import type { ServerConfig, ServerTarget } from '../serve.ts';

type Execve = (file: string, args: readonly string[], env: NodeJS.ProcessEnv) => never;

/** Node.js has had it since 22.15 and 23.11, on POSIX systems. */
function findExecve(): Execve | undefined {
  return 'execve' in process && typeof process.execve === 'function'
    ? (process.execve.bind(process) as Execve)
    : undefined;
}

/** Whether the server is to replace this process; `exec` where that cannot be is an error, `auto` then spawns. */
export function canExec(config: ServerConfig): boolean {
  const needsSupervisor = config.shutdownTimeoutMs !== undefined;
  if (config.handover === 'auto') return findExecve() !== undefined && !needsSupervisor;
  if (findExecve() !== undefined) return true;
  throw new BootError('HANDOVER_UNSUPPORTED', {
    what: 'ENTRYPOINT_HANDOVER=exec',
    expected: 'Node.js 22.15 or later (process.execve), not on Windows',
    got: `Node.js ${process.versions.node}`,
    action: 'Use a newer Node.js, or ENTRYPOINT_HANDOVER=auto or spawn.',
  });
}

/** The server becomes this process: same pid, signals from the kernel, no memory spent on us. Does not return. */
export function replaceProcess(
  args: readonly string[],
  target: ServerTarget,
  { shutdown }: Context,
  log: StepLog,
): never {
  log.done(`handing this process over to ${target.serverPath}`, { pid: process.pid });
  const execve = findExecve();
  if (execve === undefined) throw new Error('canExec was not asked');
  shutdown.signal.throwIfAborted();
  process.chdir(target.appDir);
  return execve(process.execPath, [process.execPath, ...args], target.appEnv);
}
