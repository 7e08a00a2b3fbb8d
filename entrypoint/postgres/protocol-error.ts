import { messageOf } from '../lib/describe-error.ts';

/** What came over a connection is not PostgreSQL's protocol: a broken server, or none. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  /** The system's code for a message that makes no sense. */
  readonly code = 'EBADMSG';

  constructor(what: string, cause?: unknown) {
    super(`the server sent ${what}`, cause === undefined ? undefined : { cause });
  }
}

/** What the driver rejects with. An error of JavaScript itself is over an answer that it cannot read. */
export function fromDriver(error: unknown): unknown {
  const isNative = [TypeError, RangeError, SyntaxError].some((native) => error instanceof native);
  return isNative ? unreadable(error) : error;
}

/** An error that the driver threw over an answer that it cannot read. */
export function unreadable(error: unknown): ProtocolError {
  if (error instanceof ProtocolError) return error;
  return new ProtocolError(`what the driver cannot read (${messageOf(error)})`, error);
}
