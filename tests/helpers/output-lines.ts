/** What a process prints, as text, lines and parsed JSON logs, and promises of lines to come. */

import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { deviationOf } from './log-interface.ts';

/** A JSON line of the entrypoint's, or of a fixture's, which has `fixture` and `event`. */
export interface LogLine {
  level?: number | string;
  msg?: string;
  step?: string;
  event?: string;
  durationMs?: number;
  error?: { code?: string; message?: string; [key: string]: unknown };
  fixture?: string;
  [key: string]: unknown;
}

const TAIL = 200;

export class OutputLines {
  stdout = '';
  stderr = '';
  /** Lines of both outputs in the order they came. */
  readonly lines: string[] = [];
  /** Those of standard output that are JSON objects. */
  readonly logs: LogLine[] = [];
  /** Where a line of the entrypoint's own log is not as docs/logs.md promises. */
  readonly deviations: string[] = [];
  readonly #waiting = new Set<() => void>();
  #ended: string | undefined;

  /** The first line, past or to come, that matches; rejects when the process ends without one. */
  waitForLine(pattern: RegExp): Promise<string> {
    return this.#waitFor(this.lines, (line) => pattern.test(line), `a line like ${pattern}`);
  }

  /** The first log line, past or to come, that has these fields, or that the predicate accepts. */
  waitForLog(wanted: Partial<LogLine> | ((log: LogLine) => boolean)): Promise<LogLine> {
    if (typeof wanted === 'function') return this.#waitFor(this.logs, wanted, `a log line that ${wanted}`);
    const fields = Object.entries(wanted);
    const matches = (log: LogLine) => fields.every(([name, value]) => isDeepStrictEqual(log[name], value));
    return this.#waitFor(this.logs, matches, `a log line with ${JSON.stringify(wanted)}`);
  }

  /** A fixture server's line that it listens. */
  waitForServer(): Promise<LogLine> {
    return this.waitForLog((log) => log.fixture !== undefined && log.event === 'ready');
  }

  /** The last lines, for the reader of a failure. */
  describe(): string {
    const left = this.lines.length - TAIL;
    const omitted = left > 0 ? [`(${left} lines before)`] : [];
    return [
      '--- output',
      ...omitted,
      ...this.lines.slice(-TAIL),
      `--- ${this.#ended ?? 'still running'}`,
    ].join('\n');
  }

  protected read(stream: Readable, name: 'stdout' | 'stderr'): void {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      this[name] += text;
    });
    createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', (line) => {
      this.lines.push(line);
      const log = name === 'stdout' ? parseLog(line) : undefined;
      const deviation = log?.time === undefined || log.fixture !== undefined ? undefined : deviationOf(log);
      if (deviation !== undefined) this.deviations.push(deviation);
      // A seed's lines come inside of those of the boot; a fixture's are to be found either way.
      const inner = log?.event === 'output' ? parseLog(log.msg ?? '') : undefined;
      for (const found of [log, inner]) if (found !== undefined) this.logs.push(found);
      this.#wake();
    });
  }

  protected finish(how: string): void {
    this.#ended = `ended with ${how}`;
    this.#wake();
  }

  async #waitFor<Line>(lines: Line[], matches: (line: Line) => boolean, what: string): Promise<Line> {
    for (let seen = 0; ; ) {
      for (; seen < lines.length; seen += 1) {
        const line = lines[seen];
        if (line !== undefined && matches(line)) return line;
      }
      if (this.#ended !== undefined) throw new Error(`the process ended without ${what}\n${this.describe()}`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }
}

function parseLog(line: string): LogLine | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is LogLine {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
