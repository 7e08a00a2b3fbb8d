/** ZeroMQ's alphabet: characters that a JavaScript string holds as they are. @see https://rfc.zeromq.org/spec/32/ */
export const ALPHABET =
  '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';

/** The bytes of a text of which five characters are four bytes: a quarter on top of them, where Base64 takes a third. */
export function decodeBase85(text: string, length: number): Buffer {
  const values = new Uint8Array(128);
  for (let value = 0; value < ALPHABET.length; value += 1) values[ALPHABET.charCodeAt(value)] = value;
  const bytes = Buffer.allocUnsafe((text.length / 5) * 4);
  for (let from = 0, to = 0; from < text.length; to += 4) {
    let word = 0;
    for (const end = from + 5; from < end; from += 1) word = word * 85 + (values[text.charCodeAt(from)] ?? 0);
    bytes.writeUInt32BE(word, to);
  }
  return bytes.subarray(0, length);
}
