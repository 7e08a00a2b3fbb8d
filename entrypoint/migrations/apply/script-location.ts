import type { Script } from '../script/script.ts';
import type { ScriptPlace } from './composed-query.ts';

const LONGEST_LINE = 400;

/** A place in a script: the line and column, from 1, and the line's text. */
export interface ScriptLocation {
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

/** Where a script failed: at the server's position where it told one, else at the statement that did not complete. */
export function locateFailure({ text, statements }: Script, place: ScriptPlace): ScriptLocation | undefined {
  const statement = place.statement === undefined ? undefined : statements[place.statement];
  const offset = place.offset ?? statement?.start;
  return offset === undefined ? undefined : locate(text, offset);
}

/** The line, from 1, that a statement begins in. */
export function lineOfStatement({ text, statements }: Script, index: number): number {
  return locate(text, statements[index]?.start ?? 0).line;
}

/**
 * The line with a caret below it, numbered as editors do; of a long one what stands around the place.
 * @param redact removes secrets, before the line is cut: part of one is not found
 */
export function showLocation(
  { line, column, text }: ScriptLocation,
  redact: (text: string) => string,
): string[] {
  const gutter = `${line} | `;
  const clean = redact(text);
  const at = Math.min(redact(text.slice(0, column - 1)).length, clean.length);
  const [start, end] = rangeAround(clean, at);
  const shown = `${start > 0 ? '… ' : ''}${clean.slice(start, end)}${end < clean.length ? ' …' : ''}`;
  const indent = shown.slice(0, at - start + (start > 0 ? 2 : 0)).replace(/[^\t]/g, ' ');
  return [`${gutter}${shown}`, `${' '.repeat(gutter.length - 2)}| ${indent}^`];
}

/** Cut at spaces, where there are any. */
function rangeAround(text: string, at: number): [start: number, end: number] {
  if (text.length <= LONGEST_LINE) return [0, text.length];
  const before = Math.max(at - LONGEST_LINE / 2, 0);
  const after = Math.min(at + LONGEST_LINE / 2, text.length);
  const firstSpace = text.slice(before, at).search(/\s/);
  const lastSpace = text.slice(at, after).search(/\s\S*$/);
  const start = before === 0 || firstSpace === -1 ? before : before + firstSpace + 1;
  return [start, after === text.length || lastSpace <= 0 ? after : at + lastSpace];
}

function locate(script: string, offset: number): ScriptLocation {
  const before = script.slice(0, offset).split(/\r\n|\n|\r/);
  const column = (before.at(-1) ?? '').length + 1;
  const text = script.split(/\r\n|\n|\r/)[before.length - 1] ?? '';
  return { line: before.length, column, text };
}
