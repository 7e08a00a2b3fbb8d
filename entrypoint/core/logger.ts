import pino, { type Logger } from 'pino';
import { escapeInJson } from '../lib/plain-text.ts';
import type { Secrets } from '../lib/secrets.ts';
import type { LogLevel } from './log-levels.ts';
import type { Output } from './output.ts';
import { formatPrettyLine } from './pretty.ts';

export type LogFormat = 'auto' | 'json' | 'pretty';

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly secrets: Secrets;
  /** Whether to use colours: on a terminal, without `NO_COLOR`. */
  readonly color: boolean;
  readonly output: Output;
}

/**
 * A pino logger that writes synchronously, so that no line is lost when the process exits, and redacts secrets. A line
 * that cannot be written, or that nobody reads in time, is dropped; the log says how many lines are missing.
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
      if (!output.isFull) reportMissing();
      if (output.isFull || !write(line)) missing += 1;
    },
  });
  output.onCaughtUp(reportMissing);
  return log;

  function write(line: string): boolean {
    try {
      const clean = secrets.stringify(JSON.parse(line));
      return output.write(pretty ? formatPrettyLine(clean, { color }) : `${escapeInJson(clean)}\n`);
    } catch {
      return false;
    }
  }

  function reportMissing(): void {
    const lines = missing;
    if (lines === 0) return;
    missing = 0;
    log.warn(
      { event: 'missing', lines },
      `${lines} log lines are missing here: the output was not read in time, or could not be written`,
    );
    if (missing > 0) missing = lines;
  }
}
