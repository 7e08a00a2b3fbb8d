import { BufferReader } from 'pg-protocol/dist/buffer-reader.js';

/** The private parts of the driver's reader. */
interface Reader {
  readonly buffer: Buffer;
  offset: number;
}

/**
 * Makes node-postgres reject a string without its terminating NUL. Otherwise it reads past the last byte, and loops
 * forever where a message is a list of strings.
 */
export function boundStrings(): void {
  Object.assign(BufferReader.prototype, {
    cstring(this: Reader): string {
      const start = this.offset;
      const end = this.buffer.indexOf(0, start);
      if (end === -1) throw new RangeError('unterminated string');
      this.offset = end + 1;
      return this.buffer.toString('utf8', start, end);
    },
  });
}
