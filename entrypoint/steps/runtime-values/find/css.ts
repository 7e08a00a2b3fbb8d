import { type Hole, lift } from '../holes.ts';
import type { Search } from '../search.ts';

const TOKEN = /\/\*[\s\S]*?\*\/|"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'|url\(\s*(?!["'\s])[^)]*\)/gi;

/** The placeholders in a style sheet: in strings and `url(…)`, where values are escaped, and elsewhere. */
export function findInCss(css: string, search: Search): Hole[] {
  const tokens = [...css.matchAll(TOKEN)].map(({ index, 0: token }) => ({
    start: index,
    end: index + token.length,
    encoder: token.startsWith('/*') ? ('inert' as const) : ('css' as const),
  }));
  return search.find(css).flatMap((hole) => {
    const token = tokens.find(({ start, end }) => start <= hole.start && hole.end <= end);
    return lift([hole], (at) => at, token?.encoder ?? 'word');
  });
}
