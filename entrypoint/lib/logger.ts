import pino, { type Logger } from 'pino';
import type { LogLevel } from './log-levels.ts';
import { formatPrettyLine } from './pretty.ts';
import type { Secrets } from './secrets.ts';

export type LogFormat = 'auto' | 'json' | 'pretty';

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly secrets: Secrets;
  /** Whether colours are welcome: no `NO_COLOR`, and a terminal. */
  readonly color: boolean;
  /** The file descriptor written to: 1, or 2 where standard output carries a result. */
  readonly fd: 1 | 2;
  readonly isTerminal: boolean;
}

/** A pino logger that writes at once, so that no line is lost when the process ends, and prints no secret. */
export function createLogger(options: LoggerOptions): Logger {
  const destination = pino.destination({ dest: options.fd, sync: true });
  const pretty = options.format === 'pretty' || (options.format === 'auto' && options.isTerminal);
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    {
      write(line: string) {
        const clean = options.secrets.stringify(JSON.parse(line));
        destination.write(pretty ? formatPrettyLine(clean, options.color) : `${clean}\n`);
      },
    },
  );
}
