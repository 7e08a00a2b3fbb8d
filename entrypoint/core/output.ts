import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { isatty } from 'node:tty';
import { codeOf, messageOf } from '../lib/describe-error.ts';
import { BootError } from './errors.ts';
import { sharedStream, unblockOutput } from './shared-output.ts';

/** How much may be unread before lines are dropped, in bytes. */
const MAX_UNREAD = 1_000_000;
const DRAIN_MS = 500;
/**
 * Standard output or error. A slow or missing reader cannot affect the boot: writing never blocks, never throws, and
 * uses a limited amount of memory.
 */
export class Output {
  readonly #fd: 1 | 2;
  readonly #whenCaughtUp: (() => void)[] = [];
  #stream: Writable | undefined;
  #failure: unknown;

  constructor(fd: 1 | 2) {
    this.#fd = fd;
    if (isFile(fd)) return;
    try {
      this.#use(reopenPipe(fd) ?? sharedStream(fd));
    } catch {
      // The terminal is gone already: each write fails with EIO.
    }
  }

  get isTerminal(): boolean {
    return isatty(this.#fd);
  }

  /** Too much is unread: what is written now is dropped. */
  get isFull(): boolean {
    return (this.#stream?.writableLength ?? 0) > MAX_UNREAD;
  }

  /** Calls back each time the reader has caught up. */
  onCaughtUp(listener: () => void): void {
    this.#whenCaughtUp.push(listener);
    this.#stream?.on('drain', listener);
  }

  /** Returns whether the text was written or queued. */
  write(text: string): boolean {
    try {
      if (this.#stream?.destroyed && !this.#reopen()) return false;
      if (this.#stream === undefined) writeWhole(this.#fd, text);
      else {
        unblockOutput();
        this.#stream.write(text);
      }
      return true;
    } catch (error) {
      this.#failure = error;
      return false;
    }
  }

  /** Waits until a result is written. A reader that closed the pipe early (EPIPE) is not a failure. */
  async deliver(signal: AbortSignal): Promise<void> {
    await Promise.race([this.#written(), rejectionOf(signal)]);
    const failure = this.#failure ?? this.#stream?.errored ?? undefined;
    if (failure === undefined || codeOf(failure) === 'EPIPE') return;
    const problem = {
      message: `Could not write the result to standard output: ${messageOf(failure)}`,
      hint: 'Free space on its device, or redirect it elsewhere.',
    };
    throw new BootError('OUTPUT_UNWRITABLE', problem, failure);
  }

  /** Waits a moment for the last lines to be read. */
  async drain(): Promise<void> {
    await Promise.race([this.#written(), new Promise((resolve) => setTimeout(resolve, DRAIN_MS))]);
  }

  #use(stream: Writable): void {
    stream.on('error', () => undefined);
    for (const listener of this.#whenCaughtUp) stream.on('drain', listener);
    this.#stream = stream;
  }

  /** A pipe of ours ends with its reader, and another reader may have come. */
  #reopen(): boolean {
    const pipe = reopenPipe(this.#fd);
    if (pipe !== undefined) this.#use(pipe);
    return pipe !== undefined;
  }

  #written(): Promise<void> {
    const stream = this.#stream;
    if (stream === undefined || stream.destroyed || stream.writableLength === 0) return Promise.resolve();
    return new Promise((resolve) => stream.write('', () => resolve()));
  }
}

/** A file, or a device other than a terminal: writing to it does not block. */
function isFile(fd: number): boolean {
  const stat = fstatSync(fd);
  return !stat.isFIFO() && !stat.isSocket() && !isatty(fd);
}

/**
 * The same pipe, opened once more where the system allows that: Node.js makes what it writes to non-blocking, also for
 * the server that inherits it, and a program that does not expect that loses output.
 */
function reopenPipe(fd: number): Writable | undefined {
  if (!fstatSync(fd).isFIFO()) return undefined;
  try {
    const own = openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
    return new Socket({ fd: own, readable: false, writable: true });
  } catch {
    return undefined;
  }
}

function writeWhole(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
}

function rejectionOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
