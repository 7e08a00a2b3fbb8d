import { BootError, type ErrorCode, type RuntimeProblem } from './errors.ts';

/** Any thrown value as a BootError: what no code expects becomes `INTERNAL`, with its stack. */
export function toBootError(error: unknown): BootError {
  if (error instanceof BootError) return error;
  const cause = error instanceof Error ? error : new Error(String(error));
  return (
    explainLimit(error) ?? withoutWebAssembly(cause) ?? new BootError('INTERNAL', describeBug(cause), error)
  );
}

/** The failure of what a limit of the machine or a flag of Node.js denies, which any step can meet; undefined for any other. */
export function explainLimit(error: unknown): BootError | undefined {
  const limit = error instanceof Error ? describeLimit(error) : undefined;
  return limit && new BootError(...limit, error);
}

function describeBug({ name, message, stack = '' }: Error): RuntimeProblem {
  return {
    message: `Internal error: ${name}: ${message}`,
    hint: 'This is a bug in Zarpe: please report it with the stack below.',
    details: stack.split('\n').slice(1),
  };
}

function describeLimit(error: Error): [ErrorCode, RuntimeProblem] | undefined {
  const code = 'code' in error ? error.code : undefined;
  switch (code) {
    case 'EMFILE': {
      const hint =
        'Raise the open files limit of the container or the service (ulimit -n, nofile, LimitNOFILE) to 256 or more.';
      return ['PLATFORM_UNSUITABLE', { message: `Too many open files: ${error.message}`, hint }];
    }
    case 'ENFILE':
    case 'ENOMEM':
    case 'EAGAIN': {
      const hint = 'Give the container or the machine more processes (pids limit), memory or open files.';
      return ['RESOURCE_EXHAUSTED', { message: `Out of system resources: ${error.message}`, hint }];
    }
    case 'ERR_ACCESS_DENIED': {
      const permission = 'permission' in error ? `the permission ${error.permission}` : 'a permission';
      const hint =
        'Run it without --permission, or with --allow-child-process, --allow-fs-read=*, --allow-fs-write=* and what else your version of Node.js requires.';
      return ['PLATFORM_UNSUITABLE', { message: `Node.js denies ${permission} (${code})`, hint }];
    }
    default:
      return undefined;
  }
}

function withoutWebAssembly(error: Error): BootError | undefined {
  if ('WebAssembly' in globalThis) return undefined;
  const message = `WebAssembly is not available in this Node.js: ${error.message}`;
  const hint = 'Run it without --jitless: the schema engine needs WebAssembly.';
  return new BootError('PLATFORM_UNSUITABLE', { message, hint }, error);
}
