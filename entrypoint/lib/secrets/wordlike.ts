/** Letters of any script, as ranges: `\p{L}` takes longer to compile than a start may wait for. */
const LETTERS = 'A-Za-z\\u00c0-\\u1fff\\u2c00-\\udfff\\uf900-\\ufdff';
const WORDS = new RegExp(`^[${LETTERS}]+(?:[-_. ][${LETTERS}]+)*$`);
const NUMBER = /^\d+$/;
const WORD_CHARACTER = new RegExp(`[0-9_${LETTERS}]`);

/** A word, a short text or a small number: it stands in other texts by chance. */
export function isWordlike(text: string): boolean {
  return text.length < 8 || (text.length <= 16 && (WORDS.test(text) || NUMBER.test(text)));
}

/** Whether the characters before and behind this place belong to one word. */
export function isInsideWord(text: string, at: number): boolean {
  return WORD_CHARACTER.test(text.charAt(at - 1)) && WORD_CHARACTER.test(text.charAt(at));
}

export function hasWord(text: string): boolean {
  return WORD_CHARACTER.test(text);
}
