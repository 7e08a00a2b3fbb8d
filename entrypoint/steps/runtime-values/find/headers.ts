import { type Hole, lift } from '../holes.ts';
import type { Search } from '../search.ts';
import { findInJson, findInText } from './strings.ts';

/** What a header is sent for, and not what it holds. */
const CONDITIONS = new Set(['source', 'regex', 'has', 'missing']);

/** The placeholders in JSON that says which headers Next.js sends: of a stored answer, or of routes. */
export function findInHeaders(json: string, search: Search): Hole[] {
  const texts = new Set<string>();
  collect(parse(json), 'another', texts);
  return findInJson(json, search, (text) => {
    const holes = findInText(text, search);
    return texts.has(text) ? lift(holes, (at) => at, 'header') : holes;
  });
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function collect(node: unknown, place: 'header' | 'another', texts: Set<string>): void {
  if (typeof node === 'string' && place === 'header') texts.add(node);
  if (typeof node !== 'object' || node === null) return;
  for (const [key, value] of Object.entries(node)) {
    const isHeader = key === 'headers' || (place === 'header' && !CONDITIONS.has(key));
    collect(value, isHeader ? 'header' : 'another', texts);
  }
}
