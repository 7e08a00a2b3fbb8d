const ALPHABET =
  '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#,;_|~`';
const GROUP = 13;

/** The text that `entrypoint/lib/base91.ts` reads: the lowest bits first. @param {Buffer} bytes */
export function encodeBase91(bytes) {
  /** @type {string[]} */
  const text = [];
  let bits = 0;
  let held = 0;
  const write = () => {
    const value = held % 2 ** GROUP;
    text.push(ALPHABET.charAt(value / ALPHABET.length), ALPHABET.charAt(value % ALPHABET.length));
  };
  for (const byte of bytes) {
    held += byte * 2 ** bits;
    bits += 8;
    if (bits < GROUP) continue;
    write();
    held = Math.floor(held / 2 ** GROUP);
    bits -= GROUP;
  }
  if (bits > 0) write();
  return text.join('');
}
