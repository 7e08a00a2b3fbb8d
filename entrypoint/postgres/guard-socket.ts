import type { Socket } from 'node:net';
import { BootError } from '../core/errors.ts';
import { AnswerBound } from './answer-bound.ts';
import type { Authentication } from './authentication.ts';
import { ProtocolError, toProtocolError } from './protocol-error.ts';

/** Messages before the end of authentication are short. libpq has limits of the same order. */
const LONGEST_MESSAGE = 64 * 1024;
const HEADER = 5;

/**
 * Checks what the server sends before the driver sees it. Until the first ReadyForQuery the driver gets only complete
 * messages of at most 64 kB, in the order of the protocol; afterwards the size of an answer is limited. A violation
 * closes the connection with the reason.
 */
export function guardSocket(socket: Socket, authentication: Authentication): AnswerBound {
  const bound = new AnswerBound();
  const startup = new Startup(authentication, bound);
  Object.assign(socket, {
    on(event: string, listener: (chunk: Buffer) => void) {
      if (event !== 'data') return socket.addListener(event, listener);
      return socket.addListener('data', (chunk: Buffer) => {
        try {
          for (const part of startup.take(chunk)) listener(part);
        } catch (error) {
          socket.destroy(error instanceof BootError ? error : toProtocolError(error));
        }
      });
    },
  });
  return bound;
}

/** What the server sends up to its first ReadyForQuery. */
class Startup {
  readonly #authentication: Authentication;
  readonly #bound: AnswerBound;
  #rest: Buffer = Buffer.alloc(0);
  #isOver = false;

  constructor(authentication: Authentication, bound: AnswerBound) {
    this.#authentication = authentication;
    this.#bound = bound;
  }

  *take(chunk: Buffer): Generator<Buffer> {
    if (this.#isOver) return yield this.#bounded(chunk);
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (!this.#isOver && bytes.length >= HEADER) {
      const type = String.fromCharCode(bytes.readUInt8(0));
      const length = 1 + bytes.readUInt32BE(1);
      if (length < HEADER || length > LONGEST_MESSAGE) throw new ProtocolError('a message of invalid length');
      if (bytes.length < length) break;
      this.#check(type, bytes.subarray(HEADER, length));
      yield bytes.subarray(0, length);
      bytes = bytes.subarray(length);
    }
    this.#rest = this.#isOver ? Buffer.alloc(0) : bytes;
    if (this.#isOver && bytes.length > 0) yield this.#bounded(bytes);
  }

  #bounded(bytes: Buffer): Buffer {
    this.#bound.take(bytes);
    return bytes;
  }

  #check(type: string, body: Buffer): void {
    const isAuthenticated = this.#authentication.isOver;
    if (!(isAuthenticated ? 'SKZEN' : 'REN').includes(type))
      throw new ProtocolError("a message that is not PostgreSQL's protocol");
    if (type === 'R') this.#authentication.check(body);
    this.#isOver = type === 'Z';
  }
}
