import { BufferReader } from 'pg-protocol/dist/buffer-reader.js';

/** The parts of the driver's reader that are private to it. */
interface Reader {
  readonly buffer: Buffer;
  offset: number;
}

/**
 * Makes node-postgres refuse a string without an end: it would read on behind the last byte, and where a message is a
 * list of strings, for ever.
 */
export function boundStrings(): void {
  Object.assign(BufferReader.prototype, {
    cstring(this: Reader): string {
      const start = this.offset;
      const end = this.buffer.indexOf(0, start);
      if (end === -1) throw new RangeError('a string without an end');
      this.offset = end + 1;
      return this.buffer.toString('utf8', start, end);
    },
  });
}
