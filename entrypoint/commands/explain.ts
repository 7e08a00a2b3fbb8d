import { VARIABLES, type Variable } from '../config/variables.ts';
import { ERROR_CODES, EXIT_STATUS } from '../core/errors.ts';
import type { Invocation } from './command.ts';

const REMEDY = { done: '–', again: 'try again', person: 'wait for a person' } as const;

export async function explain({ flags, printHelp }: Invocation): Promise<number> {
  printHelp(
    flags.json === true
      ? { exitCodes: exitCodes(), errorCodes: errorCodes(), variables: variables() }
      : toText(),
  );
  return EXIT_STATUS.ok.status;
}

/** The exit codes as the docs and `explain` show them. */
export function exitCodes() {
  return Object.entries(EXIT_STATUS).map(([name, entry]) => ({ name, ...entry }));
}

/** The codes of failures, `error.code` in the log, with the status each ends with. */
export function errorCodes() {
  return Object.entries(ERROR_CODES).map(([code, name]) => {
    const { status, remedy } = EXIT_STATUS[name];
    return { code, status, remedy };
  });
}

/** The variables as the docs and `explain` show them. */
export function variables() {
  return Object.entries(VARIABLES).map(
    ([name, { default: fallback, description, expected, secret }]: [string, Variable]) => ({
      name,
      expected,
      default: fallback ?? null,
      secret: secret === true,
      description,
    }),
  );
}

function toText(): string {
  const codes = exitCodes().map(
    ({ status, remedy, meaning }) => `${String(status).padStart(5)}  ${REMEDY[remedy].padEnd(18)} ${meaning}`,
  );
  const table = variables().map(
    ({ name, expected, default: fallback, description }) =>
      `${name}\n      ${expected}${fallback === null ? '' : ` (default: ${fallback})`}\n      ${description}`,
  );
  return [
    'Exit codes',
    ...codes,
    '128+n  as the signal      Ended by signal n: 143 is TERM, 130 is INT, 137 is KILL.',
    'other  as the server      The server ended with it.',
    '',
    'Variables (each also as NAME_FILE, the path of a file that holds the value)',
    ...table,
  ].join('\n');
}
