import { isUtf8 } from 'node:buffer';
import { UnsuitableFileError } from './regular-file.ts';

/** U+FFFD in UTF-8. */
const REPLACEMENT = 'efbfbd';

/** Why bytes are no text in UTF-8, as it reads after "got ", and at which of them. */
export interface EncodingFault {
  readonly got: string;
  readonly offset: number;
  readonly isUtf16: boolean;
}

/** The text that bytes are in UTF-8, a byte order mark included. */
export function decodeUtf8(bytes: Buffer): string {
  const fault = findEncodingFault(bytes);
  if (fault !== undefined) throw new UnsuitableFileError(fault.got);
  return bytes.toString('utf8');
}

/** A NUL is one too: neither PostgreSQL nor an environment can hold it, and UTF-16 is full of them. */
export function findEncodingFault(bytes: Buffer): EncodingFault | undefined {
  const mark = bytes.toString('hex', 0, 2);
  const isUtf16 = mark === 'fffe' || mark === 'feff';
  if (isUtf16) return { got: 'UTF-16 from byte 0 on', offset: 0, isUtf16 };
  const nul = bytes.indexOf(0);
  if (nul !== -1) return { got: `a NUL at byte ${nul}`, offset: nul, isUtf16: nul <= 1 };
  if (isUtf8(bytes)) return undefined;
  const offset = firstInvalidByte(bytes);
  return { got: `what is not UTF-8 at byte ${offset}`, offset, isUtf16: false };
}

/** Where the first replacement character stands that is not in the bytes; all before it is as long as in the text. */
function firstInvalidByte(bytes: Buffer): number {
  let offset = 0;
  for (const character of bytes.toString('utf8')) {
    if (character === '\uFFFD' && bytes.toString('hex', offset, offset + 3) !== REPLACEMENT) break;
    offset += Buffer.byteLength(character);
  }
  return offset;
}
