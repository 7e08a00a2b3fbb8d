/**
 * Where the next of some characters stands that no backslash escapes, or -1. A loop: a regular expression would keep a
 * state for each character of a string of megabytes, which is more than there is room for.
 * @param stops finds these characters and the backslash, with the flag `g`
 */
export function findUnescaped(text: string, from: number, stops: RegExp): number {
  stops.lastIndex = from;
  for (let stop = stops.exec(text); stop !== null; stop = stops.exec(text)) {
    const { index } = stop;
    if (text[index] !== '\\') return index;
    stops.lastIndex = index + (text.startsWith('\r\n', index + 1) ? 3 : 2);
  }
  return -1;
}

const STOPS: Readonly<Record<string, RegExp>> = { '"': /["\\]/g, "'": /['\\]/g };

/** Where the content of a string ends that begins after its opening quote, or -1. */
export function endOfString(text: string, from: number): number {
  const stops = STOPS[text[from - 1] ?? ''];
  return stops === undefined ? -1 : findUnescaped(text, from, stops);
}
