import { plainLine } from '../../lib/plain-text.ts';
import type { Script } from '../script/script.ts';

/** Where in a script something is: an offset in UTF-16 units, or the index of a statement. */
export interface ScriptPlace {
  readonly offset?: number;
  readonly statement?: number;
}

interface Part {
  /** Offset in the composed text. */
  readonly start: number;
  readonly length: number;
  /** Offset in the script; undefined for what is not of the script. */
  readonly scriptOffset: number | undefined;
}

/** One simple query of statements of ours and parts of a script, which knows where in the script a failure was. */
export class ComposedQuery {
  #text = '';
  readonly #parts: Part[] = [];
  /** For each statement its index in the script, or undefined for one of ours. */
  readonly #statements: (number | undefined)[] = [];

  get text(): string {
    return this.#text;
  }

  /** Appends statements of ours, each without its semicolon. */
  add(...statements: readonly string[]): this {
    for (const statement of statements) {
      this.#append(`${statement};\n`, undefined);
      this.#statements.push(undefined);
    }
    return this;
  }

  /** Appends what whoever looks at the queries of the server is to see first. */
  comment(text: string): this {
    this.#append(`-- ${plainLine(text)}\n`, undefined);
    return this;
  }

  /** Appends a part of the script that begins at an offset of it and holds these statements. */
  addScript(text: string, offset: number, statements: Iterable<number>): this {
    this.#append(text, offset);
    this.#statements.push(...statements);
    return this;
  }

  /** Appends one statement of a script, by its index. */
  addStatement({ text, statements }: Pick<Script, 'text' | 'statements'>, index: number): this {
    const { start = 0, end } = statements[index] ?? {};
    return this.addScript(text.slice(start, end), start, [index]).endScript();
  }

  /** Ends a part of the script: its last line may be a comment, its last statement without a semicolon. */
  endScript(): this {
    this.#append('\n;\n', undefined);
    return this;
  }

  /**
   * The place in the script of a failure.
   * @param position the server's, in characters of the composed text, from 1
   * @param completed how many statements completed before the one that failed
   */
  locate(position: number | undefined, completed: number): ScriptPlace {
    const statement = this.#statements[completed];
    const at = position === undefined ? undefined : toOffset(this.#text, position);
    const part = this.#parts.find(
      ({ start, length, scriptOffset }) =>
        at !== undefined && scriptOffset !== undefined && at >= start && at <= start + length,
    );
    const offset =
      part === undefined || at === undefined ? undefined : at - part.start + (part.scriptOffset ?? 0);
    return { ...(offset !== undefined && { offset }), ...(statement !== undefined && { statement }) };
  }

  #append(text: string, scriptOffset: number | undefined): void {
    this.#parts.push({ start: this.#text.length, length: text.length, scriptOffset });
    this.#text += text;
  }
}

/** The server counts code points, JavaScript UTF-16 units. */
function toOffset(text: string, position: number): number | undefined {
  if (position < 1) return undefined;
  let offset = 0;
  for (let remaining = position - 1; remaining > 0; remaining -= 1) {
    const codePoint = text.codePointAt(offset);
    if (codePoint === undefined) return undefined;
    offset += codePoint > 0xffff ? 2 : 1;
  }
  return offset <= text.length ? offset : undefined;
}
