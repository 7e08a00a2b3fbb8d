import { BootError, type ErrorCode, type RuntimeProblem } from './errors.ts';

/** Any thrown value as a BootError: what no code expects becomes `INTERNAL`, with its stack. */
export function toBootError(error: unknown): BootError {
  if (error instanceof BootError) return error;
  const cause = error instanceof Error ? error : new Error(String(error));
  const [code, problem] = describeLimit(cause) ?? ['INTERNAL', describeBug(cause)];
  return new BootError(code, problem, error);
}

function describeBug({ name, message, stack = '' }: Error): RuntimeProblem {
  return {
    message: `Internal error: ${name}: ${message}`,
    hint: 'This is a bug in Zarpe: please report it with the stack below.',
    details: stack.split('\n').slice(1),
  };
}

/** Limits of the machine and of Node.js's flags, which any step can hit. */
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
  }
  if ('WebAssembly' in globalThis) return undefined;
  const message = `WebAssembly is not available in this Node.js: ${error.message}`;
  return [
    'PLATFORM_UNSUITABLE',
    { message, hint: 'Run it without --jitless: the schema engine needs WebAssembly.' },
  ];
}
