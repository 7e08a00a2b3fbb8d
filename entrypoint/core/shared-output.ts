import type { Writable } from 'node:stream';

interface SharedStream extends Writable {
  readonly _handle?: { setBlocking?(on: false): void } | null;
}

const shared = new Set<SharedStream>();

/** The stream of a socket, a terminal or a pipe that a child inherits. */
export function sharedStream(fd: 1 | 2): Writable {
  const stream = fd === 1 ? process.stdout : process.stderr;
  shared.add(stream);
  return stream;
}

/**
 * To be called before writing, and once a child has inherited the streams: starting a process makes them blocking for
 * both, and a stalled reader would then block us. Node.js has no public API to undo that.
 * @see https://github.com/libuv/libuv/blob/v1.x/src/unix/process.c `uv__process_child_init`
 */
export function unblockOutput(): void {
  for (const stream of shared) stream._handle?.setBlocking?.(false);
}
