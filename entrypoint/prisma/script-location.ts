import type { ScriptPlace } from './composed-query.ts';
import type { Script } from './script.ts';

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

/** The line with a caret below it, numbered as editors do. */
export function showLocation({ line, column, text }: ScriptLocation): string[] {
  const gutter = `${line} | `;
  const indent = text.slice(0, column - 1).replace(/[^\t]/g, ' ');
  return [`${gutter}${text}`, `${' '.repeat(gutter.length - 2)}| ${indent}^`];
}

function locate(script: string, offset: number): ScriptLocation {
  const before = script.slice(0, offset).split(/\r\n|\n|\r/);
  const column = (before.at(-1) ?? '').length + 1;
  const text = script.split(/\r\n|\n|\r/)[before.length - 1] ?? '';
  return { line: before.length, column, text };
}
