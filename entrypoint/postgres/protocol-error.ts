import { messageOf } from '../lib/describe-error.ts';

/** The server sent something that is not PostgreSQL's protocol: it is broken, or not a PostgreSQL server. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  /** The system's code for an invalid message. */
  readonly code = 'EBADMSG';

  constructor(what: string, cause?: unknown) {
    super(`the server sent ${what}`, cause === undefined ? undefined : { cause });
  }
}

/** What the driver rejects with. A native error of JavaScript means that it could not parse a message. */
export function fromDriver(error: unknown): unknown {
  const isNative = [TypeError, RangeError, SyntaxError].some((native) => error instanceof native);
  return isNative ? toProtocolError(error) : error;
}

/** What the driver threw while parsing a message. */
export function toProtocolError(error: unknown): ProtocolError {
  if (error instanceof ProtocolError) return error;
  return new ProtocolError(`a message that cannot be parsed: ${messageOf(error)}`, error);
}
