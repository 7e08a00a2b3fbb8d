const LONGEST_TEXT = 16_384;

/** A text as far as anybody reads it, and that it was cut. */
export function shorten(text: string): string {
  return text.length <= LONGEST_TEXT
    ? text
    : `${text.slice(0, LONGEST_TEXT)}… [cut at ${LONGEST_TEXT} characters]`;
}
