import { fstatSync, writeSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { isatty } from 'node:tty';
import { BootError } from './errors.ts';

/** What a reader that has stopped may leave unread before lines are dropped, in bytes. */
const MOST_UNREAD = 1_000_000;
const LAST_WORDS_MS = 500;

/**
 * Standard output or error. Whoever reads it, or does not, decides nothing here: writing never blocks, never throws,
 * and takes a bounded amount of memory.
 */
export class Output {
  readonly #fd: 1 | 2;
  #stream: Writable | undefined;
  #failure: unknown;

  constructor(fd: 1 | 2) {
    this.#fd = fd;
    if (isFile(fd)) return;
    try {
      this.#stream = fd === 1 ? process.stdout : process.stderr;
      this.#stream.on('error', () => undefined);
    } catch {
      // A terminal that is gone already: each write fails with EIO.
    }
  }

  get isTerminal(): boolean {
    return isatty(this.#fd);
  }

  /** The reader is so far behind that no more is kept for it. */
  get isFull(): boolean {
    return (this.#stream?.writableLength ?? 0) > MOST_UNREAD;
  }

  /** Calls back each time a reader that was behind has read everything. */
  onCaughtUp(listener: () => void): void {
    this.#stream?.on('drain', listener);
  }

  /** Answers whether it was taken, to be read now or later. */
  write(text: string): boolean {
    try {
      if (this.#stream?.destroyed) return false;
      if (this.#stream === undefined) writeWhole(this.#fd, text);
      else unblocked(this.#stream).write(text);
      return true;
    } catch (error) {
      this.#failure = error;
      return false;
    }
  }

  /** Waits until a result was taken. A reader that wanted no more of it is no failure. */
  async deliver(signal: AbortSignal): Promise<void> {
    await Promise.race([this.#taken(), rejectionOf(signal)]);
    const failure = this.#failure ?? this.#stream?.errored ?? undefined;
    const code = failure instanceof Error && 'code' in failure ? failure.code : failure;
    if (failure === undefined || code === 'EPIPE') return;
    const problem = {
      what: 'standard output',
      expected: 'a place that takes the result',
      got: String(code),
      hint: 'Free the space, or send the result elsewhere.',
    };
    throw new BootError('OUTPUT_UNWRITABLE', problem, failure);
  }

  /** Gives the last lines a moment to be read. */
  async drain(): Promise<void> {
    await Promise.race([this.#taken(), new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS))]);
  }

  #taken(): Promise<void> {
    const stream = this.#stream;
    if (stream === undefined || stream.destroyed || stream.writableLength === 0) return Promise.resolve();
    return new Promise((resolve) => stream.write('', () => resolve()));
  }
}

/** What is written to at once, and blocks nobody: a file, or a device that is no terminal. */
function isFile(fd: number): boolean {
  const stat = fstatSync(fd);
  return !stat.isFIFO() && !stat.isSocket() && !isatty(fd);
}

function writeWhole(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
}

/**
 * The server has the same pipe or terminal, and each start of a process makes it blocking for all: a write to a reader
 * that has stopped would stop us. Node.js has no public word for it.
 * @see https://github.com/libuv/libuv/blob/v1.x/src/unix/process.c `uv__process_child_init`
 */
function unblocked(stream: Writable): Writable {
  const handle = '_handle' in stream ? stream._handle : undefined;
  if (handle !== null && typeof handle === 'object' && 'setBlocking' in handle)
    if (typeof handle.setBlocking === 'function') handle.setBlocking(false);
  return stream;
}

function rejectionOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
