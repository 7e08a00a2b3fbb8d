import { BootError } from '../../core/errors.ts';
import { codeOf, messageOf } from '../../lib/describe-error.ts';

const DENIED = new Set(['EACCES', 'EPERM']);

/** Reads of the build; what this user may not read is a problem of the image. */
export function readOfBuild<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!DENIED.has(codeOf(error))) throw error;
    const path = error instanceof Error && 'path' in error ? String(error.path) : 'the build';
    const user = process.getuid === undefined ? 'the user' : `uid ${process.getuid()}`;
    const problem = {
      what: path,
      expected: `a part of the build that ${user} may read`,
      got: messageOf(error),
      hint: 'Give it to the user of the container (COPY --chown), or run chmod -R a+rX .next public in the Dockerfile.',
    };
    throw new BootError('BUILD_INCOMPLETE', problem, error);
  }
}
