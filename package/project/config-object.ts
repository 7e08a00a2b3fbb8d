import { stripComments } from '../../entrypoint/lib/strip-comments.ts';

const DECLARED = /\b(?:const|let|var)\s+([\w$]+)\s*(?::\s*([^=;{]+?))?\s*=\s*\{/g;
const EXPORTED = /\bexport\s+default\b|\bmodule\.exports\s*=/g;
/** The object itself, also as the first argument of functions that add to it. */
const DIRECT = /^\s*((?:await\s+)?(?:[\w$.]+\(\s*)*)\{/;
const TYPED_BY_COMMENT = /NextConfig\b[^*]*\*\/\s*(?:export\s+)?$/;
const USUAL_NAME = /^(?:next)?config$/i;

/** Where the object of Next.js's options begins in the text of its configuration: its brace. Undefined if that is not clear. */
export function findConfigObject(source: string): number | undefined {
  const text = stripComments(source);
  const exported = [...text.matchAll(EXPORTED)].at(-1);
  if (exported === undefined) return undefined;
  const start = exported.index + exported[0].length;
  const [head, calls = ''] = DIRECT.exec(text.slice(start)) ?? [];
  const direct = head === undefined ? undefined : start + head.length - 1;
  if (direct !== undefined && isOptionsOf(text, direct, calls)) return direct;
  const objects = [...text.matchAll(DECLARED)].map((match) => ({
    name: match[1] ?? '',
    isTyped: /\bNextConfig\b/.test(match[2] ?? '') || TYPED_BY_COMMENT.test(source.slice(0, match.index)),
    brace: match.index + match[0].length - 1,
  }));
  const used = objects.filter(({ name }) => mentions(text.slice(start), name));
  const choices = [
    objects.filter(({ isTyped }) => isTyped),
    used,
    used.filter(({ name }) => USUAL_NAME.test(name)),
    objects.filter(({ name }) => USUAL_NAME.test(name)),
  ];
  return choices.find((choice) => choice.length === 1)?.[0]?.brace;
}

/** The position of the brace or parenthesis that closes the one at `open`; the end of the text if there is none. */
export function findClosing(text: string, open: number): number {
  let depth = 0;
  const tokens = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|[{}()[\]]/g;
  tokens.lastIndex = open;
  for (let token = tokens.exec(text); token !== null; token = tokens.exec(text)) {
    if (/^[{([]$/.test(token[0])) depth += 1;
    if (/^[})\]]$/.test(token[0])) depth -= 1;
    if (depth === 0) return token.index;
  }
  return text.length;
}

/** Not of a plugin: `withPlugin({ … })(nextConfig)`. */
function isOptionsOf(text: string, brace: number, calls: string): boolean {
  const parenthesis = calls.lastIndexOf('(');
  if (parenthesis === -1) return true;
  const open = brace - (calls.length - parenthesis);
  return !/^\s*\(/.test(text.slice(findClosing(text, open) + 1));
}

function mentions(text: string, name: string): boolean {
  return new RegExp(`(?<![\\w$.])${name.replaceAll('$', '\\$')}(?![\\w$])`).test(text);
}
