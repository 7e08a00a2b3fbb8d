import { type Hole, lift } from '../holes.ts';
import type { Search } from '../search.ts';
import { endOfString } from './unescaped.ts';

const TOKEN_START = /\/\*|["']|url\(\s*(?!["'\s])/gi;

interface Token {
  readonly start: number;
  readonly end: number;
  readonly isComment: boolean;
}

/** The placeholders in a style sheet: in strings and `url(…)`, where values are escaped, and elsewhere. */
export function findInCss(css: string, search: Search): Hole[] {
  const found = search.find(css);
  if (found.length === 0) return [];
  const tokens = tokenize(css);
  return found.flatMap((hole) => {
    const token = tokens.find(({ start, end }) => start <= hole.start && hole.end <= end);
    return lift([hole], (at) => at, token === undefined ? 'word' : token.isComment ? 'inert' : 'css');
  });
}

function tokenize(css: string): Token[] {
  const tokens: Token[] = [];
  TOKEN_START.lastIndex = 0;
  for (let head = TOKEN_START.exec(css); head !== null; head = TOKEN_START.exec(css)) {
    const start = head.index;
    const content = start + head[0].length;
    const isComment = head[0] === '/*';
    const end = isComment
      ? css.indexOf('*/', content)
      : head[0].length === 1
        ? endOfString(css, content)
        : css.indexOf(')', content);
    if (end === -1) continue;
    tokens.push({ start, end, isComment });
    TOKEN_START.lastIndex = end + (isComment ? 2 : 1);
  }
  return tokens;
}
