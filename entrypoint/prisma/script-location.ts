import type { Script } from './script.ts';

/** A place in a script: the line and column, from 1, and the line's text. */
export interface ScriptLocation {
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

/**
 * Where a script failed: at the server's position (in characters, from 1) where it told one, else at the first
 * statement that did not complete; undefined when neither is in the script.
 */
export function locateFailure(
  { text, statements }: Script,
  position: number | undefined,
  completedStatements: number,
): ScriptLocation | undefined {
  const offset = position === undefined ? statements[completedStatements]?.start : toOffset(text, position);
  return offset === undefined ? undefined : locate(text, offset);
}

/** The line with a caret below it, numbered as editors do. */
export function showLocation({ line, column, text }: ScriptLocation): string[] {
  const gutter = `${line} | `;
  const indent = text.slice(0, column - 1).replace(/[^\t]/g, ' ');
  return [`${gutter}${text}`, `${' '.repeat(gutter.length - 2)}| ${indent}^`];
}

/** The server counts code points, JavaScript UTF-16 units. */
function toOffset(script: string, position: number): number | undefined {
  if (position < 1) return undefined;
  let offset = 0;
  for (let remaining = position - 1; remaining > 0; remaining -= 1) {
    const codePoint = script.codePointAt(offset);
    if (codePoint === undefined) return undefined;
    offset += codePoint > 0xffff ? 2 : 1;
  }
  return offset <= script.length ? offset : undefined;
}

function locate(script: string, offset: number): ScriptLocation {
  const before = script.slice(0, offset).split(/\r\n|\n|\r/);
  const column = (before.at(-1) ?? '').length + 1;
  const text = script.split(/\r\n|\n|\r/)[before.length - 1] ?? '';
  return { line: before.length, column, text };
}
