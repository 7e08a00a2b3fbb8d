import { type EncoderName, encode, notAtBeginning, UnsafeValueError } from './encode.ts';

/** The value of a variable, as it is written. */
export interface Value {
  readonly name: string;
  /** The innermost first. */
  readonly encoders: readonly EncoderName[];
  /** The variables right before it, from the beginning of its string: if all are empty, it begins the string. */
  readonly after?: readonly string[] | undefined;
}

/** A part of a text that depends on values: from `start` up to `end`, in UTF-16 units. */
export interface Hole {
  readonly start: number;
  readonly end: number;
  /** Undefined for the rest of a placeholder whose value was written already. */
  readonly value?: Value | undefined;
  /** The length of a text in bytes, in hexadecimal: that of its fixed parts, and the values in it. */
  readonly length?: { readonly bytes: number; readonly values: readonly Value[] } | undefined;
}

/** The text with every hole filled; throws `UnfillableError` for a value that its place cannot hold. */
export function fill(text: string, holes: readonly Hole[], read: (name: string) => string): string {
  let filled = '';
  let at = 0;
  for (const { start, end, value, length } of holes) {
    filled += text.slice(at, start);
    if (value !== undefined) filled += write(value, read);
    if (length !== undefined) filled += byteLength(length, read).toString(16);
    at = end;
  }
  return filled + text.slice(at);
}

/** The holes of a decoded text as holes of the text that it was decoded from. */
export function lift(holes: readonly Hole[], at: (index: number) => number, encoder?: EncoderName): Hole[] {
  return holes.map(({ start, end, value, length }) => ({
    start: at(start),
    end: at(end),
    value:
      value === undefined || encoder === undefined
        ? value
        : { ...value, encoders: [...value.encoders, encoder] },
    // Digits need no encoding.
    length,
  }));
}

/** A value that its place cannot hold. */
export class UnfillableError extends Error {
  override readonly name = 'UnfillableError';
  readonly variable: string;

  constructor(variable: string, place: string) {
    super(place);
    this.variable = variable;
  }
}

function write({ name, encoders, after = [] }: Value, read: (name: string) => string): string {
  try {
    const isFirst = after.every((other) => read(other) === '');
    return encode(read(name), isFirst ? encoders : notAtBeginning(encoders));
  } catch (error) {
    if (error instanceof UnsafeValueError) throw new UnfillableError(name, error.message);
    throw error;
  }
}

function byteLength({ bytes, values }: NonNullable<Hole['length']>, read: (name: string) => string): number {
  return values.reduce((sum, value) => sum + Buffer.byteLength(write(value, read)), bytes);
}
