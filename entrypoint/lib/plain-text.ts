/** Text of others as lines that a terminal shows and does not obey. */
export function plainLines(text: string): string[] {
  return text.split(/\r?\n/).map(plainLine);
}

/** The same on one line. */
export function plainLine(text: string): string {
  // Control characters but the tab, and what turns text around; looked for where there is a text, for it is compiled slowly.
  return text.replace(/[^\P{Cc}\t]|[\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, escaped);
}

/** JSON of the same value, in which nothing is left that a terminal obeys. JSON escapes only the first 32 characters itself. */
export function escapeInJson(json: string): string {
  return json.replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function escaped(character: string): string {
  const code = character.charCodeAt(0).toString(16);
  return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`;
}
