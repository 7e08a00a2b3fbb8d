import { type Hole, lift } from '../holes.ts';
import type { Search } from '../search.ts';
import { findInJson, findInText, UnreadableTextError } from './strings.ts';

/** The head of a row: its id, and the tag and length of a text or of binary data. */
const ROW = /([0-9a-f]*):(?:([TAOoUSsLlGgMmV])([0-9a-f]+),)?/y;

/**
 * The placeholders in a payload of React's server components. A row is a line with JSON in it, or a text with its length
 * in bytes, which changes with the values in it.
 */
export function findInFlight(payload: string, search: Search): Hole[] {
  const holes: Hole[] = [];
  let at = 0;
  while (at < payload.length) {
    ROW.lastIndex = at;
    const [head, , tag, digits = ''] = ROW.exec(payload) ?? [];
    if (head === undefined)
      throw new UnreadableTextError('a row that is not one of React’s server components');
    const start = at + head.length;
    if (tag === undefined) {
      const newline = payload.indexOf('\n', start);
      at = newline === -1 ? payload.length : newline + 1;
      const row = payload.slice(start, at);
      holes.push(...lift(findInJson(row, search, findInModelString), (index) => start + index));
      continue;
    }
    at = endOfBytes(payload, start, Number.parseInt(digits, 16));
    if (tag !== 'T') continue;
    const text = payload.slice(start, at);
    const found = findInText(text, search);
    if (found.length === 0) continue;
    const values = found.flatMap(({ value }) => value ?? []);
    const fixed = found.reduce(
      (rest, { start, end }) => rest - Buffer.byteLength(text.slice(start, end)),
      Number.parseInt(digits, 16),
    );
    holes.push({ start: start - 1 - digits.length, end: start - 1, length: { bytes: fixed, values } });
    holes.push(...lift(found, (index) => start + index));
  }
  return holes;
}

/** A string of the model is plain text, unless it is JSON or markup. What begins it, with values, must not be a `$`. */
function findInModelString(text: string, search: Search): Hole[] {
  const before: string[] = [];
  let end = 0;
  return findInText(text, search).map((hole) => {
    const { start, value } = hole;
    if (start !== end || value === undefined) return hole;
    end = hole.end;
    const encoder = text[end] === '$' ? 'flightBeforeDollar' : 'flight';
    const after = [...before];
    before.push(value.name);
    return { ...hole, value: { ...value, encoders: [...value.encoders, encoder], after } };
  });
}

/** Where a text of so many bytes ends. */
function endOfBytes(payload: string, start: number, bytes: number): number {
  let at = start;
  let left = bytes;
  while (left > 0 && at < payload.length) {
    const code = payload.codePointAt(at) ?? 0;
    left -= code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    at += code < 0x10000 ? 1 : 2;
  }
  if (left !== 0) throw new UnreadableTextError('a text of another length than its payload says');
  return at;
}
