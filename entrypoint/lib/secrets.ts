import { LONGEST_LINE } from './read-lines.ts';
import { encodingsOf, formsOf } from './secrets/forms.ts';
import { PatternSearch } from './secrets/pattern-search.ts';
import { findUrlPasswords } from './secrets/url-passwords.ts';
import { shorten } from './shorten.ts';

/** Characters of all encodings together: each takes 23 bytes of memory. */
const MOST_ENCODED = 2 ** 18;
const REDACTED = '[redacted]';

/** The secret values this process knows, removed from every line before it leaves the process. */
export class Secrets {
  readonly #search = new PatternSearch();
  #room = MOST_ENCODED;

  /** Remembers a value in each form it can be printed in, whole and line by line; its rarer encodings while there is room. */
  add(value: string): void {
    for (const form of formsOf(value)) this.#search.add(form);
    for (const form of encodingsOf(value)) {
      if (form.length > this.#room) return;
      this.#room -= form.length;
      this.#search.add(form);
    }
  }

  /** The text without any known secret, and without the password of any URL in it; in time linear to its length. */
  redact(text: string): string {
    const isCut = text.length >= LONGEST_LINE;
    const spans = [...findUrlPasswords(text), ...this.#search.find(text, { isCut })];
    let clean = '';
    let end = -1;
    // All are found in the text as it came: those that overlap or touch leave nothing of any.
    for (const [from, to] of spans.sort(([a], [b]) => a - b)) {
      if (from > end) clean += text.slice(Math.max(end, 0), from) + REDACTED;
      end = Math.max(end, to);
    }
    return clean + text.slice(Math.max(end, 0));
  }

  /** JSON in whose strings no secret is, and none without end; a secret that looks like a number or a key leaves the rest as it is. */
  stringify(value: unknown, indent?: number): string {
    const clean = (_: string, part: unknown) =>
      typeof part === 'string' ? shorten(this.redact(part)) : part;
    return JSON.stringify(value, clean, indent);
  }
}
