import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  type Stats,
  writeSync,
} from 'node:fs';

const { O_RDONLY, O_WRONLY, O_NONBLOCK = 0, O_NOCTTY = 0, O_NOFOLLOW = 0 } = constants;

/** A path that leads to something else than a file of bearable size; `message` says to what. */
export class UnsuitableFileError extends Error {
  override readonly name = 'UnsuitableFileError';
}

/** The bytes of a regular file, `mostBytes` or fewer; a device that never ends is not read. */
export function readRegularFile(path: string, mostBytes: number): Buffer {
  return withRegularFile(path, O_RDONLY, (fd, { size }) => {
    const bytes = readUpTo(fd, mostBytes + 1, size);
    if (bytes.length > mostBytes) throw new UnsuitableFileError(`more than ${mostBytes} bytes`);
    return bytes;
  });
}

/** The text of a regular file; undefined if there is none or it cannot be read. */
export function readTextFile(path: string, mostBytes: number): string | undefined {
  try {
    return readRegularFile(path, mostBytes).toString();
  } catch {
    return undefined;
  }
}

/** Why a file could not be read, as it reads after "got ". */
export function describeUnreadable(error: unknown): string {
  if (error instanceof UnsuitableFileError) return error.message;
  return error instanceof Error && 'code' in error ? String(error.code) : 'an unreadable file';
}

/** Overwrites a regular file; one that does not exist is not created, and a symbolic link is not followed. */
export function overwriteRegularFile(path: string, bytes: Uint8Array): void {
  withRegularFile(path, O_WRONLY | O_NOFOLLOW, (fd) => {
    ftruncateSync(fd);
    writeSync(fd, bytes);
  });
}

/** Opening never waits, as a named pipe whose other end nobody holds would make it. */
function withRegularFile<Result>(
  path: string,
  flags: number,
  use: (fd: number, stats: Stats) => Result,
): Result {
  const fd = openSync(path, flags | O_NONBLOCK | O_NOCTTY);
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) throw new UnsuitableFileError(kindOf(stats));
    return use(fd, stats);
  } finally {
    closeSync(fd);
  }
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a named pipe';
  return stats.isSocket() ? 'a socket' : 'a device';
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
