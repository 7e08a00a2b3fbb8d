/** A part of a script that holds text: between its quotes, without them. */
export interface ScriptToken {
  readonly kind: 'string' | 'template' | 'tagged' | 'regex' | 'comment';
  readonly start: number;
  readonly end: number;
}

const SKIPPED = /\s+|[\d.]?\d[\w.]*|\+\+|--|=>/y;
const COMMENT = /\/\/.*|\/\*[\s\S]*?\*\/|#!.*/y;
const STRING = /"(?:[^"\\\r\n]|\\(?:\r\n|[\s\S]))*"|'(?:[^'\\\r\n]|\\(?:\r\n|[\s\S]))*'/y;
const TEMPLATE = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{)/y;
const REGEX = /\/(?:[^/\\[\r\n]|\\.|\[(?:[^\]\\\r\n]|\\.)*\])+\/\w*/y;
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
  const add = (kind: ScriptToken['kind'], length: number, ends: number) =>
    tokens.push({ kind, start: at - length, end: at - ends });
  const takeTemplate = (kind: 'template' | 'tagged'): boolean => {
    const text = take(TEMPLATE);
    if (text === undefined) return false;
    const isEnd = text.endsWith('`');
    add(kind, text.length, isEnd ? 1 : 2);
    if (!isEnd) open.push('template');
    isValue = isEnd;
    return true;
  };
  while (at < source.length) {
    const comment = at === 0 || source[at] === '/' ? take(COMMENT) : undefined;
    if (comment !== undefined) {
      add('comment', comment.length, 0);
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
    const string = take(STRING);
    if (string !== undefined) {
      add('string', string.length - 1, 1);
      isValue = true;
      continue;
    }
    const name = take(WORD);
    if (name !== undefined) {
      word = before === '.' ? '' : name;
      isValue = !BEFORE_EXPRESSION.test(word);
      before = name;
      continue;
    }
    const regex = source[at] === '/' && !isValue ? take(REGEX) : undefined;
    if (regex !== undefined) {
      add('regex', regex.length - 1, regex.length - regex.lastIndexOf('/'));
      isValue = true;
      continue;
    }
    const char = source[at] ?? '';
    if (char === '"' || char === "'") return undefined;
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
