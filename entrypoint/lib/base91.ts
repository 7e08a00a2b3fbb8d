/** Characters that a JavaScript string holds as they are: all that can be printed but quotation marks and the backslash. */
export const ALPHABET =
  '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#,;_|~`';

/** The bits of two characters: 2 ** 13 is a little less than 91 ** 2. */
const GROUP = 13;

/** The bytes of a text of which two characters are 13 bits: 23 % on top of them, where Base64 takes 33 and Base85 25. */
export function decodeBase91(text: string, length: number): Buffer {
  const values = new Uint8Array(128);
  for (let value = 0; value < ALPHABET.length; value += 1) values[ALPHABET.charCodeAt(value)] = value;
  const source = Buffer.from(text, 'latin1');
  const valueAt = (at: number) => values[source[at] ?? 0] ?? 0;
  const bytes = Buffer.allocUnsafe(length);
  let bits = 0;
  let held = 0;
  for (let from = 0, to = 0; to < length; from += 2) {
    held |= (valueAt(from) * ALPHABET.length + valueAt(from + 1)) << bits;
    for (bits += GROUP; bits >= 8; bits -= 8, to += 1) {
      bytes[to] = held;
      held >>>= 8;
    }
  }
  return bytes;
}
