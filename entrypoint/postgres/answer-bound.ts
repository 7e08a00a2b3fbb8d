import { ProtocolError } from './protocol-error.ts';

/** Far more than anything that we ask for, the longest history included. */
const MOST_BYTES = 32 * 1024 * 1024;
const HEADER = 5;

/**
 * Bounds what a server may have us keep in memory, once it has let us in: one message, and all messages of an answer.
 * Without TLS that verifies it, anybody could be the server.
 */
export class AnswerBound {
  /** The rows of a script are dropped as they come: there may be any number of them. */
  keepsRows = true;
  readonly #header = Buffer.alloc(HEADER);
  #inHeader = 0;
  #left = 0;
  #answer = 0;

  /** Takes the next bytes; throws where they begin, or are, too much. */
  take(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, bytes.length - at);
        this.#left -= step;
        at += step;
        continue;
      }
      const step = bytes.copy(this.#header, this.#inHeader, at, at + HEADER - this.#inHeader);
      this.#inHeader += step;
      at += step;
      if (this.#inHeader === HEADER) this.#begin();
    }
  }

  #begin(): void {
    this.#inHeader = 0;
    this.#left = this.#header.readUInt32BE(1) - 4;
    const isEnd = this.#header.toString('latin1', 0, 1) === 'Z';
    this.#answer = isEnd ? 0 : this.#answer + HEADER + this.#left;
    const isTooMuch = this.#left > MOST_BYTES || (this.keepsRows && this.#answer > MOST_BYTES);
    if (this.#left < 0 || isTooMuch) throw new ProtocolError('an answer of an impossible length');
  }
}
