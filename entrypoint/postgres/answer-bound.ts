import { ProtocolError } from './protocol-error.ts';

/** Far more than the answer to any query of ours, including the longest history. */
const MAX_BYTES = 32 * 1024 * 1024;
const HEADER = 5;
/**
 * What a server may send after the login. An authentication request is not among them: the driver would answer it with
 * the password at any time.
 * @see https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
const TYPES = /^[123ACDEGHINSTZcdnst]$/;

/**
 * Checks what a server sends after the login: only messages that answer a query, and limited in how much memory they can
 * make us use, one alone and all of an answer. Without verified TLS, anybody could be the server.
 */
export class AnswerBound {
  /** False while a script runs: its rows are discarded as they arrive, and may be any number. */
  keepsRows = true;
  readonly #header = Buffer.alloc(HEADER);
  #inHeader = 0;
  #left = 0;
  #answer = 0;

  /** Counts the next bytes; throws when a message has no place after the login, or an answer exceeds the limit. */
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
    const type = this.#header.toString('latin1', 0, 1);
    if (type === 'R') throw new ProtocolError('an authentication request after the login');
    if (!TYPES.test(type)) throw new ProtocolError("a message that is not PostgreSQL's protocol");
    this.#answer = type === 'Z' ? 0 : this.#answer + HEADER + this.#left;
    const isTooMuch = this.#left > MAX_BYTES || (this.keepsRows && this.#answer > MAX_BYTES);
    if (this.#left < 0 || isTooMuch) throw new ProtocolError('an answer that is too long');
  }
}
