import { CONFIG_FILE, keyOf, mayBeInFile } from '../config/config-file/keys.ts';
import type { ResolvedEnvironment } from '../config/environment.ts';
import { VARIABLES, type Variable, type VariableName } from '../config/variables.ts';
import { describeRestart, ERROR_CODES, EXIT_STATUS, type ExitStatus } from '../core/errors.ts';
import type { Invocation } from './command.ts';
import { describeRuntimeValues, explainRuntimeValues } from './explain/runtime-values.ts';

export async function explain({ appDir, environment, flags, printHelp }: Invocation): Promise<number> {
  const values = explainRuntimeValues(environment, appDir);
  const found = variables().map((variable) => ({ ...variable, source: sourceOf(variable, environment) }));
  printHelp(
    flags.json === true
      ? { exitCodes: exitCodes(), errorCodes: errorCodes(), variables: found, runtimeValues: values ?? null }
      : [toText(found), ...(values === undefined ? [] : describeRuntimeValues(values))].join('\n'),
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
export function describePolicy(exit: Pick<ExitStatus, 'status' | 'retryable'>): string {
  if (exit.status === EXIT_STATUS.ok.status) return '–';
  return describeRestart(exit);
}

/** The variables as the docs and `explain` show them. */
export function variables() {
  return Object.entries(VARIABLES).map(
    ([name, { default: fallback, description, expected, secret }]: [string, Variable]) => ({
      name,
      key: mayBeInFile(name as VariableName) ? keyOf(name as VariableName) : null,
      expected,
      default: fallback ?? null,
      secret: secret === true,
      description,
    }),
  );
}

/** Where a value comes from; null where there is none. The value itself is not shown. */
function sourceOf(
  { name, default: fallback }: ReturnType<typeof variables>[number],
  { variables: values, fromFiles, fromConfig }: ResolvedEnvironment,
): string | null {
  if (Object.hasOwn(fromFiles, name)) return `${name}_FILE`;
  if (Object.hasOwn(fromConfig, name)) return CONFIG_FILE;
  if (Object.hasOwn(values, name)) return 'environment';
  return fallback === null ? null : 'default';
}

function toText(
  found: readonly (ReturnType<typeof variables>[number] & { source: string | null })[],
): string {
  const codes = exitCodes().map(
    (exit) => `${String(exit.status).padStart(5)}  ${describePolicy(exit).padEnd(22)} ${exit.meaning}`,
  );
  const table = found.flatMap(({ name, key, expected, default: fallback, description, source }) => [
    `${name}${key === null ? '' : ` (${key})`}`,
    `      ${expected}${fallback === null ? '' : ` (default: ${fallback})`}`,
    `      ${description}`,
    ...(source === null || source === 'default' ? [] : [`      Set by: ${source}`]),
  ]);
  return [
    'Exit codes',
    ...codes,
    '128+n  depends on the signal  Ended by signal n: 143 is SIGTERM, 130 is SIGINT, 137 is SIGKILL.',
    'other  depends on the server  The exit status of the server.',
    '',
    `Variables (each can also be set as NAME_FILE, the path of a file that contains the value; one with a key in brackets also in ${CONFIG_FILE})`,
    ...table,
  ].join('\n');
}
