import { VARIABLES, type Variable } from '../config/variables.ts';
import { describeRestart, ERROR_CODES, EXIT_STATUS } from '../core/errors.ts';
import type { Invocation } from './command.ts';

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

/** The error codes (`error.code` in the log), each with its exit status. */
export function errorCodes() {
  return Object.entries(ERROR_CODES).map(([code, name]) => {
    const { status, retryable } = EXIT_STATUS[name];
    return { code, status, retryable };
  });
}

/** What an exit status means to a restart policy. */
export function describePolicy({ status, retryable }: { status: number; retryable: boolean }): string {
  if (status === EXIT_STATUS.ok.status) return '–';
  return describeRestart(retryable);
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
    (exit) => `${String(exit.status).padStart(5)}  ${describePolicy(exit).padEnd(22)} ${exit.meaning}`,
  );
  const table = variables().map(
    ({ name, expected, default: fallback, description }) =>
      `${name}\n      ${expected}${fallback === null ? '' : ` (default: ${fallback})`}\n      ${description}`,
  );
  return [
    'Exit codes',
    ...codes,
    '128+n  depends on the signal  Ended by signal n: 143 is SIGTERM, 130 is SIGINT, 137 is SIGKILL.',
    'other  depends on the server  The exit status of the server.',
    '',
    'Variables (each can also be set as NAME_FILE, the path of a file that contains the value)',
    ...table,
  ].join('\n');
}
