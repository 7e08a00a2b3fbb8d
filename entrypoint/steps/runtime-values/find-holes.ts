import { findInCss } from './find/css.ts';
import { findInFlight } from './find/flight.ts';
import { findInHeaders } from './find/headers.ts';
import { findInJavaScript } from './find/javascript.ts';
import { findInMarkup } from './find/markup.ts';
import { findInJson, UnreadableTextError } from './find/strings.ts';
import type { Hole } from './holes.ts';
import type { Search } from './search.ts';

const READERS = {
  javascript: findInJavaScript,
  headers: findInHeaders,
  json: (text: string, search: Search) => findInJson(text, search),
  markup: findInMarkup,
  css: findInCss,
  flight: findInFlight,
  text: (text: string, search: Search) => search.find(text),
} as const;

export type Language = keyof typeof READERS;

const BY_EXTENSION: readonly [pattern: RegExp, language: Language][] = [
  [/\.[cm]?js$/, 'javascript'],
  [/\.meta$|(?:^|\/)routes-manifest\.json$/, 'headers'],
  [/\.(?:json|webmanifest)$/, 'json'],
  [/\.(?:html?|xml|svg|xsl)$/, 'markup'],
  [/\.css$/, 'css'],
  [/\.rsc$/, 'flight'],
  [/\.(?:txt|md)$/, 'text'],
];

/** The language of a file by its name, or of a stored answer by its content type; undefined if it is no text. */
export function languageOf(path: string, contentType?: string): Language | undefined {
  const name = contentType === undefined ? path : `.${/[a-z]+(?=\s*(?:;|$))/i.exec(contentType)?.[0]}`;
  const asName = name
    .replace('.javascript', '.js')
    .replace(/\.(?:plain|markdown)$/, '.txt')
    .replace('.component', '.rsc');
  return BY_EXTENSION.find(([pattern]) => pattern.test(asName))?.[1];
}

/**
 * Every placeholder in a text. Throws `UnreadableTextError` if one of them, or what was made of one, stands where no value
 * can be written.
 */
export function findHoles(text: string, language: Language, search: Search): Hole[] {
  const holes = READERS[language](text, search);
  const trace = search
    .traces(text)
    .find(({ start, end }) => !holes.some((hole) => hole.start <= start && end <= hole.end));
  if (trace === undefined) return holes;
  const line = text.slice(0, trace.start).split('\n').length;
  throw new UnreadableTextError(
    `\`${trace.text}\` on line ${line}, which is no placeholder that is declared, or was made of one`,
  );
}
