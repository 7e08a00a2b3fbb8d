import { findUnescaped } from './unescaped.ts';

/** A part of a script that holds text: between its quotes, without them. */
export interface ScriptToken {
  readonly kind: 'string' | 'template' | 'tagged' | 'regex' | 'comment';
  readonly start: number;
  readonly end: number;
}

const SKIPPED = /\s+|[\d.]?\d[\w.]*|\+\+|--|=>/y;
const COMMENT = /\/\/.*|\/\*[\s\S]*?\*\/|#!.*/y;
const FLAGS = /\w*/y;
const WORD = /[\p{ID_Start}$_#@][\p{ID_Continue}$\u200c\u200d]*/uy;
/** Words that an expression follows, and not an operator. */
const BEFORE_EXPRESSION =
  /^(?:return|typeof|case|in|of|instanceof|new|delete|void|throw|do|else|yield|await|default|extends)$/;
const BEFORE_CONDITION = /^(?:if|while|for|with)$/;

/** The strings, templates, regular expressions and comments of a script; undefined if it cannot be read. */
export function tokenizeJavaScript(source: string): ScriptToken[] | undefined {
  const tokens: ScriptToken[] = [];
  /** Of each open bracket: whether a value ends where it closes; of a template, that its text goes on there. */
  const open: ('value' | 'no-value' | 'template')[] = [];
  /** Whether a value ends here, so that `/` divides. */
  let isValue = false;
  let word = '';
  let before = '';
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(source)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  const takeQuoted = (kind: 'string' | 'regex', end: number): boolean => {
    if (end === -1) return false;
    tokens.push({ kind, start: at + 1, end });
    at = end + 1;
    isValue = true;
    return true;
  };
  const takeTemplate = (kind: 'template' | 'tagged'): boolean => {
    const end = endOfTemplate(source, at);
    if (end === -1) return false;
    const isEnd = source[end] === '`';
    tokens.push({ kind, start: at, end });
    at = end + (isEnd ? 1 : 2);
    if (!isEnd) open.push('template');
    isValue = isEnd;
    return true;
  };
  while (at < source.length) {
    const comment = at === 0 || source[at] === '/' ? take(COMMENT) : undefined;
    if (comment !== undefined) {
      tokens.push({ kind: 'comment', start: at - comment.length, end: at });
      continue;
    }
    const skipped = take(SKIPPED);
    if (skipped !== undefined) {
      if (/\d/.test(skipped)) isValue = true;
      if (skipped === '=>') {
        isValue = false;
        before = skipped;
      }
      continue;
    }
    if (source[at] === '"' || source[at] === "'") {
      if (!takeQuoted('string', endOfLineString(source, at))) return undefined;
      continue;
    }
    const name = take(WORD);
    if (name !== undefined) {
      word = before === '.' ? '' : name;
      isValue = !BEFORE_EXPRESSION.test(word);
      before = name;
      continue;
    }
    if (source[at] === '/' && !isValue && takeQuoted('regex', endOfRegex(source, at + 1))) {
      take(FLAGS);
      continue;
    }
    const char = source[at] ?? '';
    at += 1;
    if (char === '`') {
      if (!takeTemplate(isValue ? 'tagged' : 'template')) return undefined;
    } else if (char === '(') {
      open.push(before === word && BEFORE_CONDITION.test(word) ? 'no-value' : 'value');
      isValue = false;
    } else if (char === '[') {
      open.push('value');
      isValue = false;
    } else if (char === '{') {
      open.push(!isValue && /^[=([,:?&|+!~]$|^return$/.test(before) ? 'value' : 'no-value');
      isValue = false;
    } else if (char === ')' || char === ']' || char === '}') {
      const opened = open.pop();
      if (opened === undefined) return undefined;
      if (opened === 'template' && !takeTemplate('template')) return undefined;
      if (opened !== 'template') isValue = opened === 'value';
    } else isValue = false;
    before = char;
  }
  return open.length === 0 ? tokens : undefined;
}

const IN_STRING = { '"': /["\\\r\n]/g, "'": /['\\\r\n]/g };
const IN_TEMPLATE = /[`\\$]/g;
const IN_REGEX = /[/\\[\r\n]/g;
const IN_CLASS = /[\]\\\r\n]/g;

/** Where a string ends whose opening quote stands at `at`, or -1 if its line ends first. */
function endOfLineString(source: string, at: number): number {
  const quote = source[at] === '"' ? '"' : "'";
  const end = findUnescaped(source, at + 1, IN_STRING[quote]);
  return source[end] === quote ? end : -1;
}

/** Where the text of a template ends: at its last quote, or at code in it; or -1. */
function endOfTemplate(source: string, from: number): number {
  let end = findUnescaped(source, from, IN_TEMPLATE);
  while (source[end] === '$' && source[end + 1] !== '{') end = findUnescaped(source, end + 1, IN_TEMPLATE);
  return end;
}

/** Where a regular expression ends whose content begins at `from`, or -1. */
function endOfRegex(source: string, from: number): number {
  let end = findUnescaped(source, from, IN_REGEX);
  while (source[end] === '[') {
    const close = findUnescaped(source, end + 1, IN_CLASS);
    if (source[close] !== ']') return -1;
    end = findUnescaped(source, close + 1, IN_REGEX);
  }
  return source[end] === '/' && end > from ? end : -1;
}
