/** A text that was written with escapes, with the place of each of its characters. */
export interface Decoded {
  readonly text: string;
  /** The offset that a character, or the end, has in what was decoded. */
  at(index: number): number;
}

const ESCAPE = /\\(?:u\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\r\n|[\s\S]))/g;
const CONTROLS: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  v: '\v',
  0: '\0',
  '\n': '',
  '\r\n': '',
};

/** The content of a string of JavaScript or JSON, without its quotes. */
export function decodeString(source: string, offset: number): Decoded {
  return decode(source, offset, ESCAPE, ([, braced, four, two, other = '']) => {
    const code = braced ?? four ?? two;
    return code === undefined ? (CONTROLS[other] ?? other) : String.fromCodePoint(Number.parseInt(code, 16));
  });
}

const ENTITY = /&(?:#(\d+)|#x([0-9a-fA-F]+)|(amp|lt|gt|quot|apos));/g;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Text or the value of an attribute of HTML or XML. */
export function decodeMarkup(source: string, offset: number): Decoded {
  return decode(source, offset, ENTITY, ([, decimal, hex, name = '']) => {
    if (decimal === undefined && hex === undefined) return ENTITIES[name] ?? '';
    return String.fromCodePoint(decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal));
  });
}

/** Each part of a text decoded, as one text. */
export function join(parts: readonly Decoded[]): Decoded {
  const starts: number[] = [];
  let text = '';
  for (const part of parts) {
    starts.push(text.length);
    text += part.text;
  }
  return {
    text,
    at(index) {
      const part = Math.max(
        0,
        starts.findLastIndex((start) => start <= index),
      );
      return parts[part]?.at(index - (starts[part] ?? 0)) ?? 0;
    },
  };
}

function decode(
  source: string,
  offset: number,
  pattern: RegExp,
  toText: (match: RegExpExecArray) => string,
): Decoded {
  let text = '';
  /** After each escape: where it ends in the decoded text, and in the source. */
  const steps: { decoded: number; source: number }[] = [{ decoded: 0, source: 0 }];
  let at = 0;
  for (const match of source.matchAll(pattern)) {
    text += source.slice(at, match.index);
    steps.push({ decoded: text.length, source: match.index });
    text += toText(match);
    at = match.index + match[0].length;
    steps.push({ decoded: text.length, source: at });
  }
  text += source.slice(at);
  return {
    text,
    at(index) {
      const step = steps.findLast(({ decoded }) => decoded <= index) ?? { decoded: 0, source: 0 };
      return offset + step.source + index - step.decoded;
    },
  };
}
