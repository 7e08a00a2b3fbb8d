import { fill, type Hole, lift } from '../holes.ts';
import type { Search } from '../search.ts';
import { findInCss } from './css.ts';
import { type Decoded, decodeMarkup, decodeString, join } from './decode.ts';
import { findInFlight } from './flight.ts';
import { findInJavaScript } from './javascript.ts';
import { partsOf } from './markup-parts.ts';
import { findInCode, findInJson, findInText, UnreadableTextError } from './strings.ts';
import { endOfString } from './unescaped.ts';

const ATTRIBUTE = /(?<![^\s"'<>/=])([^\s"'<>/=]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/g;
const CODE_ATTRIBUTE = /^(?:on\w+|style|srcdoc)$/i;
const JSON_SCRIPT = /\btype\s*=\s*["']?[\w/.+-]*(?:json|importmap|speculationrules)\b/i;
/** A part of the payload of React's server components: Next.js writes it as a script that adds it to an array. */
const PUSH = /^(?:\(self\.__next_f=self\.__next_f\|\|\[\]\)|self\.__next_f)\.push\(\[(\d),\s*"/;
const PUSH_END = '"])';

/** What a page says to React's server components. */
interface Payload {
  readonly parts: Decoded[];
  hasBinary: boolean;
}

/** The placeholders in HTML or XML. */
export function findInMarkup(markup: string, search: Search): Hole[] {
  const holes: Hole[] = [];
  const payload: Payload = { parts: [], hasBinary: false };
  let at = 0;
  for (const { kind, start, end, contentEnd } of partsOf(markup)) {
    holes.push(...findInContent(markup.slice(at, start), at, search));
    const part = markup.slice(start, end);
    at = contentEnd;
    if (kind === 'other') {
      holes.push(...lift(findInCode(part, search), (i) => start + i));
      continue;
    }
    holes.push(...findInTag(part, start, search));
    if (kind === 'tag') continue;
    const content = markup.slice(end, contentEnd);
    const [push, type] = PUSH.exec(content) ?? [];
    if (push === undefined || !isPush(content, push.length)) {
      const read = kind === 'style' ? findInCss : JSON_SCRIPT.test(part) ? findInJson : findInJavaScript;
      holes.push(...lift(read(content, search), (i) => end + i));
    } else if (type === '1')
      payload.parts.push(decodeString(content.slice(push.length, -PUSH_END.length), end + push.length));
    else payload.hasBinary = true;
  }
  holes.push(...findInContent(markup.slice(at), at, search));
  holes.push(...findInPayload(payload, search));
  return holes.sort((a, b) => a.start - b.start);
}

function isPush(script: string, start: number): boolean {
  const end = endOfString(script, start);
  return end !== -1 && script.slice(end) === PUSH_END;
}

function findInContent(text: string, start: number, search: Search): Hole[] {
  if (search.traces(text).length === 0) return [];
  return lift(search.find(text), (at) => start + at, 'markup');
}

function findInTag(tag: string, start: number, search: Search): Hole[] {
  if (search.traces(tag).length === 0) return [];
  return [...tag.matchAll(ATTRIBUTE)].flatMap(
    ({ index, 0: attribute, 1: name = '', 2: double, 3: single, 4: bare }) => {
      const value = double ?? single;
      const end = start + index + attribute.length;
      if (bare !== undefined) return lift(findInBare(name, bare, search), (at) => end - bare.length + at);
      if (value === undefined) return [];
      const { text, at } = decodeMarkup(value, end - 1 - value.length);
      const isCode = CODE_ATTRIBUTE.test(name) || /^\s*javascript:/i.test(text);
      return lift(isCode ? findInCode(text, search) : findInText(text, search), at, 'markup');
    },
  );
}

/** The placeholders in an attribute without quotes. One that is all of it gets quotes, or an empty value would end it. */
function findInBare(name: string, bare: string, search: Search): Hole[] {
  const holes = CODE_ATTRIBUTE.test(name) ? findInCode(bare, search) : search.find(bare);
  const rest = fill(bare, holes, () => '');
  if (rest === '' && holes.length > 1)
    throw new UnreadableTextError('an attribute without quotes that is made of several placeholders');
  return lift(holes, (at) => at, rest === '' ? 'attribute' : 'word');
}

/** The payload is cut anywhere: in the middle of a length, or of a placeholder, whose rest is left empty then. */
function findInPayload({ parts, hasBinary }: Payload, search: Search): Hole[] {
  const payload = join(parts);
  if (search.traces(payload.text).length === 0) return [];
  if (hasBinary) throw new UnreadableTextError('a page that holds binary data');
  let end = 0;
  const ends = parts.map(({ text }) => {
    end += text.length;
    return end;
  });
  return lift(findInFlight(payload.text, search), (at) => at, 'string').flatMap((hole) => {
    const cuts = ends.filter((cut) => hole.start < cut && cut < hole.end);
    const starts = [hole.start, ...cuts];
    return starts.map((start, index) => ({
      ...(index === 0 ? { value: hole.value, length: hole.length } : {}),
      start: payload.at(start),
      end: endOf(payload, parts, ends, cuts[index] ?? hole.end),
    }));
  });
}

/** The end of what comes before an index, also where the next part begins there. */
function endOf(payload: Decoded, parts: readonly Decoded[], ends: readonly number[], index: number): number {
  const part = ends.indexOf(index);
  const last = parts[part];
  return last === undefined ? payload.at(index) : last.at(last.text.length);
}
