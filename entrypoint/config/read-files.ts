import type { SettingProblem } from '../core/errors.ts';
import { decodeUtf8 } from '../lib/decode-utf8.ts';
import { codeOf, systemTerm } from '../lib/describe-error.ts';
import { readRegularFile, UnsuitableFileError } from '../lib/regular-file.ts';

/** Nobody has a longer secret: Linux limits an environment variable to 128 KiB. */
const LARGEST_BYTES = 64 * 1024;
const BYTE_ORDER_MARK = '\uFEFF';

export type Environment = Readonly<Record<string, string | undefined>>;

/** An empty variable counts as unset. */
export function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

/** The value of `NAME` from the file that `NAME_FILE` names, for each known name; notices say what was removed. */
export function readFiles(
  env: Environment,
  known: ReadonlySet<string>,
  problems: SettingProblem[],
  notices: string[],
): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [variable, path] of Object.entries(env)) {
    const name = variable.replace(/_FILE$/, '');
    if (name === variable || !isSet(path) || !known.has(name)) continue;
    if (isSet(env[name])) {
      problems.push({
        what: variable,
        expected: `either ${name} or ${variable}`,
        got: 'both',
        hint: 'Remove one of them.',
      });
      continue;
    }
    const value = readValue(variable, path, problems, notices);
    if (isSet(value)) values[name] = value;
  }
  return values;
}

function readValue(
  variable: string,
  path: string,
  problems: SettingProblem[],
  notices: string[],
): string | undefined {
  try {
    const { value, removed } = trimValue(decodeUtf8(readRegularFile(path, LARGEST_BYTES)));
    if (removed.length > 0)
      notices.push(`${variable}: removed ${removed.join(' and ')} from the value in ${path}`);
    return value;
  } catch (error) {
    problems.push(describe(variable, path, error));
    return undefined;
  }
}

/** Removes one trailing line break; whatever else is removed is reported. */
function trimValue(text: string): { value: string; removed: string[] } {
  const removed = [
    ...(text.startsWith(BYTE_ORDER_MARK) ? ['a byte order mark'] : []),
    ...(text.endsWith('\r\n') ? ['a Windows line break (CRLF)'] : []),
  ];
  const value = text.replace(/^\uFEFF/, '').replace(/\r?\n$/, '');
  if (/[\r\n]$/.test(value)) throw new UnsuitableFileError('a value followed by more than one line break');
  return { value, removed };
}

function describe(variable: string, path: string, error: unknown): SettingProblem {
  const isUnsuitable = error instanceof UnsuitableFileError;
  const code = codeOf(error);
  return {
    what: variable,
    expected: isUnsuitable ? 'a regular file that contains only the value, in UTF-8' : 'a readable file',
    got: isUnsuitable
      ? `${error.message} at ${path}`
      : `${systemTerm(code) ?? 'an unreadable file'} (${code}) at ${path}`,
    hint: isUnsuitable
      ? 'Rewrite it, for example with `printf %s "$VALUE" > FILE`.'
      : 'Mount the secret there, readable by the container’s user.',
  };
}

/** The content of a file that belongs to the app; undefined if it cannot be read. */
export function readQuietly(path: string): string | undefined {
  try {
    return readRegularFile(path, LARGEST_BYTES).toString();
  } catch {
    return undefined;
  }
}
