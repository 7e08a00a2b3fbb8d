import { styleText } from 'node:util';
import { formatDuration } from '../lib/duration.ts';
import { plainLine, plainLines } from '../lib/plain-text.ts';
import { describeRestart, describeWrong, type Problem } from './errors.ts';

const LOOK = {
  done: { symbol: '✓', style: 'green' },
  skipped: { symbol: '–', style: 'dim' },
  warn: { symbol: '!', style: 'yellow' },
  error: { symbol: '✗', style: 'red' },
  info: { symbol: '·', style: 'dim' },
} as const;

/** The fields of a log line that the pretty format shows. */
interface PinoLine {
  readonly level?: string;
  readonly step?: string;
  readonly event?: string;
  readonly msg?: string;
  readonly durationMs?: number;
  readonly details?: readonly string[];
  readonly exitStatus?: number;
  readonly retryable?: boolean;
  readonly error?: { readonly problems?: readonly Problem[] };
}

/**
 * A pino JSON line as one aligned line for people, with the problems and details of a failure below it. Quoted text can
 * neither begin a line at the margin nor change colours.
 */
export function formatPrettyLine(json: string, { color }: { readonly color: boolean }): string {
  const line = JSON.parse(json) as PinoLine;
  if (line.event === 'start') return '';
  const look = lookOf(line);
  const paint = (text: string) => (color ? styleText(look.style, text, { validateStream: false }) : text);
  const { step = '' } = line;
  const duration =
    typeof line.durationMs === 'number' && line.event !== 'summary'
      ? `  ${formatDuration(line.durationMs)}`
      : '';
  const texts =
    line.error?.problems === undefined ? [line.msg ?? '', ...(line.details ?? [])] : problemLines(line);
  const [first = '', ...further] = texts.flatMap(plainLines);
  const head = `${paint(look.symbol)} ${plainLine(step).padEnd(9)} ${first}${duration}\n`;
  return head + further.map((text) => `${' '.repeat(12)}${text}\n`).join('');
}

function problemLines({ error, exitStatus, retryable = false }: PinoLine): string[] {
  const problems = (error?.problems ?? []).flatMap((problem) => [
    describeWrong(problem),
    problem.hint,
    ...(problem.details ?? []).flatMap(plainLines).map((detail) => `  ${detail}`),
  ]);
  return [...problems, `exit ${exitStatus}: ${describeRestart({ retryable })}`];
}

function lookOf(line: PinoLine) {
  if (line.level === 'error' || line.level === 'fatal') return LOOK.error;
  if (line.level === 'warn') return LOOK.warn;
  if (line.event === 'done' || line.event === 'skipped') return LOOK[line.event];
  return LOOK.info;
}
