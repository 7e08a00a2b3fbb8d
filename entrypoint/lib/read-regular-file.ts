import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';

const { O_RDONLY, O_NONBLOCK = 0, O_NOCTTY = 0 } = constants;

/** A path that leads to something else than a file of bearable size; `message` says to what. */
export class UnsuitableFileError extends Error {
  override readonly name = 'UnsuitableFileError';
}

/**
 * The bytes of a regular file, `mostBytes` or fewer. Opening never waits, as a pipe without a writer would make it, and
 * a device that never ends is not read.
 */
export function readRegularFile(path: string, mostBytes: number): Buffer {
  const fd = openSync(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) throw new UnsuitableFileError(kindOf(stats));
    const bytes = readUpTo(fd, mostBytes + 1, stats.size);
    if (bytes.length > mostBytes) throw new UnsuitableFileError(`a file of more than ${mostBytes} bytes`);
    return bytes;
  } finally {
    closeSync(fd);
  }
}

export function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a named pipe';
  if (stats.isSocket()) return 'a socket';
  return stats.isFile() ? 'a file' : 'a device';
}

/** The size that the system gives is no more than a guess: files in /proc have none. */
function readUpTo(fd: number, most: number, guess: number): Buffer {
  const chunks: Buffer[] = [];
  for (let left = most; left > 0; ) {
    const chunk = Buffer.allocUnsafe(Math.min(left, Math.max(guess + 1, 4096)));
    const length = readSync(fd, chunk, 0, chunk.length, null);
    if (length === 0) break;
    chunks.push(chunk.subarray(0, length));
    left -= length;
  }
  return Buffer.concat(chunks);
}
