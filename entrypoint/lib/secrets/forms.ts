import { hasWord, isWordlike } from './wordlike.ts';

/** A shorter one cannot be told from ordinary words. */
const SHORTEST = 4;
const LONGEST_ENCODED = 512;
/** What no encoding but Base64 changes. */
const SAME_EVERYWHERE = /^[\w.-]*$/;

/**
 * The forms in which a secret is looked for, however long it is: raw, in JSON, in Base64. One of several lines or items is
 * printed in parts too, and may have been given with `\n` for a line break.
 */
export function formsOf(value: string): ReadonlySet<string> {
  const wholes = wholesOf(value);
  const others = wholes.flatMap((text) => [text, inJson(text), ...inBase64(text), linesOf(text).join('')]);
  const parts = partsOf(wholes).flatMap((text) => [text, inJson(text)]);
  return new Set([...others, ...parts].filter((form) => form.length >= SHORTEST));
}

/**
 * The other forms: in SQL, as JavaScript or a shell writes it, percent-encoded, in hexadecimal as PostgreSQL writes bytea.
 * A long one is known by its lines.
 */
export function* encodingsOf(value: string): Generator<string> {
  const wholes = wholesOf(value);
  for (const text of new Set([...wholes, ...partsOf(wholes)])) {
    if (text.length > LONGEST_ENCODED) continue;
    for (const form of new Set([...encode(text), ...inHex(text)])) {
      if (form.length >= SHORTEST && form !== text) yield form;
    }
  }
}

function wholesOf(value: string): string[] {
  const unescaped = value.replaceAll('\\r', '').replaceAll('\\n', '\n');
  return [...new Set([value, value.trim(), unescaped])];
}

function partsOf(wholes: readonly string[]): string[] {
  return wholes.flatMap((text) => [...itemsOf(text), ...linesOf(text)]);
}

/** Of a text of several lines, each that says something. */
function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  return lines.length === 1 ? [] : lines.filter((line) => hasWord(line));
}

/** Of a list such as `key-one,key-two`, each item that no ordinary word looks like. */
function itemsOf(text: string): string[] {
  const items = text.split(/[,;\s]+/);
  return items.length === 1 ? [] : items.filter((item) => item.length >= 8 && !isWordlike(item));
}

function encode(text: string): string[] {
  if (SAME_EVERYWHERE.test(text)) return [text];
  const json = inJson(text);
  const backslashes = text.replaceAll('\\', '\\\\');
  const raw = [text, json, inJson(json), inAscii(json), backslashes];
  return [
    ...raw,
    ...raw.map((form) => form.replaceAll("'", "''")),
    ...[text, backslashes].flatMap((form) => [form.replaceAll("'", "\\'"), form.replaceAll("'", "'\\''")]),
    ...percentEncode(text),
  ];
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function inAscii(json: string): string {
  return json.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function percentEncode(text: string): string[] {
  const wellFormed = Buffer.from(text).toString();
  const form = new URLSearchParams([['', wellFormed]]).toString().slice(1);
  const encoded = [encodeURIComponent(wellFormed), encodeURI(wellFormed), form];
  return [...encoded, ...encoded.map((upper) => upper.replace(/%../g, (byte) => byte.toLowerCase()))];
}

function inHex(text: string): string[] {
  const hex = text.length < SHORTEST ? '' : Buffer.from(text).toString('hex');
  return [hex, hex.toUpperCase()];
}

function inBase64(text: string): string[] {
  const bytes = Buffer.from(text);
  return [bytes.toString('base64'), bytes.toString('base64').replace(/=+$/, ''), bytes.toString('base64url')];
}
