import { BootError, type ErrorCode, type Problem } from './errors.ts';

/** A failure of any origin as a BootError: a value that nobody foresaw becomes `INTERNAL`, its stack kept. */
export function toBootError(error: unknown): BootError {
  if (error instanceof BootError) return error;
  const cause = error instanceof Error ? error : new Error(String(error));
  const [code, problem] = describeLimit(cause) ?? ['INTERNAL', describeBug(cause)];
  return new BootError(code, problem, error);
}

function describeBug(cause: Error): Problem {
  return {
    what: 'Zarpe itself',
    expected: 'no failure that its code does not know',
    got: `${cause.name}: ${cause.message}`,
    hint: 'This is a bug: please report it with the stack below.',
    details: (cause.stack ?? '').split('\n').slice(1),
  };
}

/** What the machine or the flags of Node.js refuse, wherever it is met. */
function describeLimit(error: Error): [ErrorCode, Problem] | undefined {
  const code = 'code' in error ? error.code : undefined;
  const got = error.message;
  if (code === 'EMFILE') {
    const hint =
      'Raise the limit of open files of the container or the service (nofile, LimitNOFILE) to 256 or more.';
    return ['PLATFORM_UNSUITABLE', { what: 'open files', expected: 'room for a few dozen', got, hint }];
  }
  if (code === 'ENFILE' || code === 'ENOMEM' || code === 'EAGAIN') {
    const hint = 'Give the container or the machine more processes (pids), memory or open files.';
    return ['RESOURCE_EXHAUSTED', { what: 'the system', expected: 'room for one more', got, hint }];
  }
  if (code === 'ERR_ACCESS_DENIED') {
    const denied = 'permission' in error ? `the permission ${error.permission}` : 'a permission';
    const hint =
      'Run it without --permission, or with --allow-child-process, --allow-fs-read=*, --allow-fs-write=* and what your version asks for besides.';
    return ['PLATFORM_UNSUITABLE', { what: '--permission of Node.js', expected: denied, got, hint }];
  }
  if (!('WebAssembly' in globalThis)) {
    const hint = 'Run Node.js without --jitless: the schema engine is WebAssembly.';
    return ['PLATFORM_UNSUITABLE', { what: '--jitless of Node.js', expected: 'WebAssembly', got, hint }];
  }
  return undefined;
}
