/** Where a text stops being JSON, counted from 1, and why. */
export interface JsonFault {
  readonly line: number;
  readonly column: number;
  readonly expected: string;
  readonly got: string;
  readonly hint: string;
}

/** A string, another scalar, or a mark; a string is looked at more closely by `isString`. */
const TOKEN =
  /[ \t\r\n]*(?:("(?:[^"\\\r\n]|\\.)*")|(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.])|([{}[\],:]))/y;

const EXPECTED = {
  value: 'a value',
  firstValue: 'a value or ]',
  key: 'a key in double quotes',
  firstKey: 'a key in double quotes or }',
  colon: 'a colon',
  more: 'a comma or the closing bracket',
  end: 'the end of the file',
} as const;
type Wanted = keyof typeof EXPECTED;

/** The first fault of a text that `JSON.parse` refuses: V8 does not always say where it is. */
export function findJsonFault(text: string): JsonFault {
  const open: string[] = [];
  let wanted: Wanted = 'value';
  for (let at = 0; ; ) {
    TOKEN.lastIndex = at;
    const [token, string, mark] = TOKEN.exec(text) ?? [];
    const start = at + (/^[ \t\r\n]*/.exec(text.slice(at))?.[0].length ?? 0);
    const isToken = token !== undefined && (string === undefined || isString(string));
    const next: Wanted | undefined = isToken
      ? follow(wanted, mark ?? string?.charAt(0) ?? '0', open)
      : undefined;
    if (token === undefined || next === undefined) return describe(text, start, wanted);
    wanted = next;
    at += token.length;
  }
}

/** Neither a control character nor an escape that JSON does not have is in it. */
function isString(token: string): boolean {
  try {
    return typeof JSON.parse(token) === 'string';
  } catch {
    return false;
  }
}

/** What may come after a token, given by its first character; undefined if the token itself may not come. */
function follow(wanted: Wanted, token: string, open: string[]): Wanted | undefined {
  const after = () => (open.length === 0 ? 'end' : 'more');
  const close = (bracket: string) => {
    if (open.at(-1) !== bracket) return undefined;
    open.pop();
    return after();
  };
  if (wanted === 'colon') return token === ':' ? 'value' : undefined;
  if (wanted === 'key' || wanted === 'firstKey') {
    if (token === '"') return 'colon';
    return wanted === 'firstKey' && token === '}' ? close(token) : undefined;
  }
  if (wanted === 'more' && token === ',') return open.at(-1) === '}' ? 'key' : 'value';
  if (wanted === 'more' || (wanted === 'firstValue' && token === ']')) return close(token);
  if (wanted === 'end') return undefined;
  if (token === '"' || token === '0') return after();
  if (token !== '{' && token !== '[') return undefined;
  open.push(token === '{' ? '}' : ']');
  return token === '{' ? 'firstKey' : 'firstValue';
}

function describe(text: string, at: number, wanted: Wanted): JsonFault {
  const before = text.slice(0, at).split('\n');
  const next = text.charAt(at);
  const fault = { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, expected: EXPECTED[wanted] };
  if (next === '') return { ...fault, got: 'the end of the file', hint: 'Close what is still open.' };
  if (next === '/') return { ...fault, got: 'a comment', hint: 'Remove it: JSON has no comments.' };
  if (/[}\]]/.test(next) && (wanted === 'key' || wanted === 'value'))
    return { ...fault, got: `\`${next}\``, hint: 'Remove the comma before it.' };
  if (next === '"' && wanted !== 'more' && wanted !== 'colon' && wanted !== 'end')
    return {
      ...fault,
      got: 'a string that is not closed on its line, or has a malformed escape or a control character',
      hint: 'Close it; write a line break as \\n and a backslash as \\\\.',
    };
  return { ...fault, got: `\`${next}\``, hint: 'Fix it.' };
}
