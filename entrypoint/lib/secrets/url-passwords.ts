import type { Span } from './pattern-search.ts';

const SCHEME_CHARACTER = /[a-z0-9+.-]/i;
const ENDS_USER = /[\s:/?#@"]/;
const ENDS_URL = /[\s"]/;
/** What our own messages call a password: `postgresql://USER:PASSWORD@HOST:PORT/DATABASE`. */
const PLACEHOLDER = 'PASSWORD';

/** The passwords of all URLs in a text, known or not: up to the last `@`, where one was not encoded. */
export function findUrlPasswords(text: string): Span[] {
  const spans: Span[] = [];
  let urlEnd = 0;
  let lastAt = -1;
  for (let at = text.indexOf('://'); at !== -1; at = text.indexOf('://', at + 1)) {
    if (!SCHEME_CHARACTER.test(text.charAt(at - 1))) continue;
    const userEnd = find(ENDS_USER, text, at + 3);
    if (text[userEnd] !== ':') continue;
    const start = userEnd + 1;
    // URLs that follow each other without a break end together: the end is looked for once.
    if (start > urlEnd) {
      urlEnd = find(ENDS_URL, text, start);
      lastAt = start + text.slice(start, urlEnd).lastIndexOf('@');
    }
    if (lastAt <= start) continue;
    if (text.slice(start, lastAt) !== PLACEHOLDER) spans.push([start, lastAt]);
    at = lastAt;
  }
  return spans;
}

function find(characters: RegExp, text: string, from: number): number {
  const at = text.slice(from).search(characters);
  return at === -1 ? text.length : from + at;
}
