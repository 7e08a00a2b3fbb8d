/** What stands between the text of a page. */
export interface MarkupPart {
  /** `other`: a comment, a declaration, an end tag. */
  readonly kind: 'tag' | 'script' | 'style' | 'other';
  readonly start: number;
  readonly end: number;
  /** Of a script or a style sheet, where its code ends, which begins at `end`; otherwise `end` itself. */
  readonly contentEnd: number;
}

const START = /<(?:!--|!\[CDATA\[|(script|style)\b|([a-z])|[/!?])/gi;
const CODE_END = { script: /<\/script\s*>/gi, style: /<\/style\s*>/gi } as const;
const TAG_STOP = /["'>]/g;

/** The tags, comments and scripts of HTML or XML; what is never closed is text. */
export function* partsOf(markup: string): Generator<MarkupPart> {
  let at = 0;
  while (at < markup.length) {
    START.lastIndex = at;
    const found = START.exec(markup);
    if (found === null) return;
    const part = read(markup, found);
    if (part !== undefined) yield part;
    at = part?.contentEnd ?? found.index + 1;
  }
}

function read(markup: string, { index: start, 0: head, 1: element, 2: letter }: RegExpExecArray) {
  const isTag = element !== undefined || letter !== undefined;
  const whole = endOfWhole(markup, start, head.toUpperCase());
  const end = whole === -1 ? endOfTag(markup, start + 2) : whole;
  if (end === -1) return undefined;
  if (element !== undefined) {
    const kind = element.toLowerCase() === 'script' ? 'script' : 'style';
    CODE_END[kind].lastIndex = end;
    const close = CODE_END[kind].exec(markup);
    if (close !== null) return { kind, start, end, contentEnd: close.index } as const;
  }
  return { kind: isTag ? 'tag' : 'other', start, end, contentEnd: end } as const;
}

/** Where a comment or a section of text ends, or -1. */
function endOfWhole(markup: string, start: number, head: string): number {
  const close = head === '<!--' ? '-->' : head === '<![CDATA[' ? ']]>' : undefined;
  const index = close === undefined ? -1 : markup.indexOf(close, start + head.length);
  return index === -1 ? -1 : index + 3;
}

/** Where a tag ends, whose attributes may hold `>` in quotes; or -1. */
function endOfTag(markup: string, from: number): number {
  TAG_STOP.lastIndex = from;
  for (let stop = TAG_STOP.exec(markup); stop !== null; stop = TAG_STOP.exec(markup)) {
    if (stop[0] === '>') return stop.index + 1;
    const close = markup.indexOf(stop[0], stop.index + 1);
    if (close === -1) return -1;
    TAG_STOP.lastIndex = close + 1;
  }
  return -1;
}
