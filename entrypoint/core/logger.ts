import pino, { type Logger } from 'pino';
import type { Secrets } from '../lib/secrets.ts';
import type { LogLevel } from './log-levels.ts';
import type { Output } from './output.ts';
import { formatPrettyLine } from './pretty.ts';

export type LogFormat = 'auto' | 'json' | 'pretty';

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly secrets: Secrets;
  /** Whether colours are welcome: no `NO_COLOR`, and a terminal. */
  readonly color: boolean;
  readonly output: Output;
}

/**
 * A pino logger that writes at once, so that no line is lost when the process ends, and prints no secret. A line that
 * cannot be written, or is not read in time, is missing, and counted in the log where it goes on; nothing else comes
 * of it.
 */
export function createLogger({ level, format, secrets, color, output }: LoggerOptions): Logger {
  const pretty = format === 'pretty' || (format === 'auto' && output.isTerminal);
  let missing = 0;
  const settings = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const log = pino(settings, {
    write(line: string) {
      if (!output.isFull) tellMissing();
      if (output.isFull || !write(line)) missing += 1;
    },
  });
  output.onCaughtUp(tellMissing);
  return log;

  function write(line: string): boolean {
    try {
      const clean = secrets.stringify(JSON.parse(line));
      return output.write(pretty ? formatPrettyLine(clean, color) : `${clean}\n`);
    } catch {
      return false;
    }
  }

  function tellMissing(): void {
    const lines = missing;
    if (lines === 0) return;
    missing = 0;
    log.warn(
      { event: 'missing', lines },
      `${lines} lines are missing here: they were not read, or not written`,
    );
    if (missing > 0) missing = lines;
  }
}
