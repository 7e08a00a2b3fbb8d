import { isUtf8 } from 'node:buffer';
import { UnsuitableFileError } from './regular-file.ts';

/** U+FFFD in UTF-8. */
const REPLACEMENT = 'efbfbd';

/** The text that bytes are in UTF-8, a byte order mark included. Throws where they are none, and says at which byte. */
export function decodeUtf8(bytes: Buffer): string {
  const mark = bytes.subarray(0, 2).toString('hex');
  if (mark === 'fffe' || mark === 'feff') throw new UnsuitableFileError('a file in UTF-16');
  const nul = bytes.indexOf(0);
  if (nul !== -1) throw new UnsuitableFileError(`a NUL at byte ${nul}, as in UTF-16,`);
  const text = bytes.toString('utf8');
  if (isUtf8(bytes)) return text;
  throw new UnsuitableFileError(`what is not UTF-8 at byte ${firstInvalidByte(bytes, text)}`);
}

/** Where the first replacement character stands that is not in the bytes; all before it is as long as in the text. */
function firstInvalidByte(bytes: Buffer, text: string): number {
  let offset = 0;
  for (const character of text) {
    if (character === '\uFFFD' && bytes.toString('hex', offset, offset + 3) !== REPLACEMENT) break;
    offset += Buffer.byteLength(character);
  }
  return offset;
}
