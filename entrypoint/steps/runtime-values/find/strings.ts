import type { Hole } from '../holes.ts';
import { lift } from '../holes.ts';
import type { Search } from '../search.ts';
import { decodeString } from './decode.ts';
import { endOfString } from './unescaped.ts';

/** A text in which a placeholder stands where no value can be written. */
export class UnreadableTextError extends Error {
  override readonly name = 'UnreadableTextError';
}

const COLON = /\s*:/y;
/** Next.js writes them for `new RegExp(…)`. */
const REGEX_KEY = /regexp?$/i;
/** Markup of the app's own within JSON. */
const CODE_KEY = /^(?:__html|srcDoc)$/;

/** The placeholders in JSON; `ofString` finds those in a decoded string. */
export function findInJson(json: string, search: Search, ofString = findInText): Hole[] {
  let key = '';
  return stringsOf(json).flatMap(({ start, source, isKey }) => {
    if (isKey) key = source;
    if (search.traces(source).length === 0) return [];
    const { text, at } = decodeString(source, start);
    if (isKey) return lift(findInText(text, search), at, 'string');
    if (key === 'postponed') {
      throw new UnreadableTextError(
        'the state of a partially prerendered page, whose lengths cannot be changed',
      );
    }
    const holes = REGEX_KEY.test(key)
      ? lift(search.find(text), (at) => at, 'regex')
      : CODE_KEY.test(key)
        ? lift(search.find(text), (at) => at, 'inert')
        : ofString(text, search);
    return lift(holes, at, 'string');
  });
}

function stringsOf(json: string): { start: number; source: string; isKey: boolean }[] {
  const strings = [];
  for (let quote = json.indexOf('"'); quote !== -1; quote = json.indexOf('"', quote)) {
    const start = quote + 1;
    const end = endOfString(json, start);
    if (end === -1) break;
    quote = end + 1;
    COLON.lastIndex = quote;
    strings.push({ start, source: json.slice(start, end), isKey: COLON.test(json) });
  }
  return strings;
}

/** The placeholders in what a string says: JSON, plain text, or anything else, which may be code. */
export function findInText(text: string, search: Search): Hole[] {
  if (isJson(text)) return findInJson(text, search);
  return isPlain(text) ? search.find(text) : findInCode(text, search);
}

/** The placeholders where only values without special characters can be written. */
export function findInCode(text: string, search: Search): Hole[] {
  return lift(search.find(text), (at) => at, 'inert');
}

function isJson(text: string): boolean {
  if (!/^\s*[[{"]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function isPlain(text: string): boolean {
  return !/["'`<\\]/.test(text.replace(/(?<=\w)['’](?=\w)/g, ''));
}
