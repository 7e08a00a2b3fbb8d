/** Why a value cannot stand where its placeholder stands. */
export class UnsafeValueError extends Error {
  override readonly name = 'UnsafeValueError';
}

/** Characters that mean themselves in every language a build is written in. */
const NON_ASCII = '\\u00a1-\\u2027\\u202a-\\ufefe\\uff00-\\uffff';
const INERT = `\\w\\-.~:/?#@!+,=%|^${NON_ASCII}`;
const ONLY_INERT = new RegExp(`^[ ${INERT}]*$`);
const NOT_IN_STRING = new RegExp(`[^ ${INERT}]`, 'g');
const NOT_IN_CSS = new RegExp(`[^${INERT}]`, 'g');
const NOT_IN_MARKUP = new RegExp(`[^ ${INERT}]`, 'gu');

const toUnicodeEscape = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

/**
 * How a value is written into each kind of place. Every escape is one that all users of the place read: a `\uXXXX` is
 * the same in JSON, in each of JavaScript's strings and within a script of HTML.
 */
const ENCODERS = {
  /** A string of JSON or JavaScript, with any quotes. */
  string: (value: string) => value.replace(NOT_IN_STRING, toUnicodeEscape),
  /** A regular expression that matches the value itself. */
  regex: (value: string) => (value === '' ? '(?:)' : value.replace(/\W/g, toUnicodeEscape)),
  /** Text or a quoted attribute of HTML or XML. */
  markup: toMarkup,
  /** A whole attribute of HTML without quotes. */
  attribute: (value: string) => `"${toMarkup(value)}"`,
  /** A string or a `url(…)` of CSS. */
  css: (value: string) => value.replace(NOT_IN_CSS, (char) => `\\${char.charCodeAt(0).toString(16)} `),
  percent: (value: string) => encodeURIComponent(value),
  /** The beginning of a string of React's server components, where `$` marks a reference. */
  flight: toFlight,
  /** The same, where a `$` follows. */
  flightBeforeDollar: (value: string) => (value === '' ? '$' : toFlight(value)),
  /** A header of an answer. */
  header: (value: string) =>
    onlyIf(/^[\t -~\u0080-ÿ]*$/, value, 'a header, which holds neither line ends nor letters beyond Latin-1'),
  /** Code within a string, or whatever else we cannot read. */
  inert: (value: string) =>
    onlyIf(ONLY_INERT, value, 'code, where its special characters would be read as code'),
  /** CSS outside of strings, or a part of an attribute without quotes. */
  word: (value: string) => onlyIf(/^[\w.,#%+-]*$/, value, 'a place without quotes'),
} as const satisfies Record<string, (value: string) => string>;

export type EncoderName = keyof typeof ENCODERS;

export const ENCODER_NAMES = Object.keys(ENCODERS).filter((name): name is EncoderName => name in ENCODERS);

const AT_BEGINNING: ReadonlySet<EncoderName> = new Set(['flight', 'flightBeforeDollar']);

/** The encoders of a place that turned out not to be the beginning of its string. */
export function notAtBeginning(encoders: readonly EncoderName[]): EncoderName[] {
  return encoders.filter((name) => !AT_BEGINNING.has(name));
}

/** The value as it is written into places within places, the innermost first. */
export function encode(value: string, encoders: readonly EncoderName[]): string {
  return encoders.reduce((text, name) => ENCODERS[name](text), value);
}

function toMarkup(value: string): string {
  return value.replace(NOT_IN_MARKUP, (char) => `&#${char.codePointAt(0)};`);
}

function toFlight(value: string): string {
  return value.startsWith('$') ? `$${value}` : value;
}

function onlyIf(pattern: RegExp, value: string, place: string): string {
  if (pattern.test(value)) return value;
  throw new UnsafeValueError(place);
}
