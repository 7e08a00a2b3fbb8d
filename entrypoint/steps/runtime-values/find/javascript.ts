import type { EncoderName } from '../encode.ts';
import { fill, type Hole, lift } from '../holes.ts';
import type { Search } from '../search.ts';
import { decodeString } from './decode.ts';
import { findInCode, findInText, UnreadableTextError } from './strings.ts';
import { tokenizeJavaScript } from './tokenize-javascript.ts';

/** The placeholders in a script: in its strings and templates, and what they hold. */
export function findInJavaScript(source: string, search: Search): Hole[] {
  if (search.traces(source).length === 0) return [];
  const tokens = tokenizeJavaScript(source);
  if (tokens === undefined) return findInCode(source, search);
  const holes = tokens.flatMap(({ kind, start, end }) => {
    const text = source.slice(start, end);
    if (search.traces(text).length === 0) return [];
    if (kind === 'string' || kind === 'template') {
      const decoded = decodeString(text, start);
      const found = lift(findInText(decoded.text, search), decoded.at, 'string');
      if (kind === 'template')
        checkTemplate(
          text,
          lift(found, (at) => at - start),
        );
      return found;
    }
    return lift(search.find(text), (at) => start + at, PLAINLY[kind]);
  });
  const outside = search
    .find(source)
    .find((hole) => !holes.some((other) => other.start <= hole.start && hole.end <= other.end));
  if (outside !== undefined) throw new UnreadableTextError('code outside of a string');
  return holes;
}

const CODE_IN_TEMPLATE = /(?<!\\)\$\{/;

function checkTemplate(text: string, holes: readonly Hole[]): void {
  if (CODE_IN_TEMPLATE.test(fill(text, holes, () => '')))
    throw new UnreadableTextError('a template between `$` and `{`, where an empty value would make code');
}

/** In a comment an escape says nothing, but it ends nothing either. */
const PLAINLY = { tagged: 'inert', regex: 'regex', comment: 'string' } as const satisfies Record<
  string,
  EncoderName
>;
