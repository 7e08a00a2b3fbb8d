import { readFileSync } from 'node:fs';
import type { Problem } from '../lib/errors.ts';
import { readRegularFile } from '../lib/read-regular-file.ts';

/** A secret of more bytes is none; a variable of the environment holds no more than twice as many. */
const LARGEST_BYTES = 64 * 1024;

export type Environment = Readonly<Record<string, string | undefined>>;

/** An empty variable counts as unset. */
export function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

/** The value of `NAME` from the file that `NAME_FILE` names, for each known name. */
export function readFiles(
  env: Environment,
  known: ReadonlySet<string>,
  problems: Problem[],
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
        action: 'Unset one of them.',
      });
      continue;
    }
    const content = readSecret(variable, path, problems);
    if (isSet(content)) values[name] = content;
  }
  return values;
}

/** One trailing line break is not part of the value. */
function readSecret(variable: string, path: string, problems: Problem[]): string | undefined {
  try {
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'an unreadable file';
    problems.push({
      what: variable,
      expected: 'a readable file',
      got: `${reason} for ${path}`,
      action: 'Mount the secret there, readable by the user of the container.',
    });
    return undefined;
  }
}

/** What a file holds that is not ours to judge; undefined where it cannot be read. */
export function readQuietly(path: string): string | undefined {
  try {
    return readRegularFile(path, LARGEST_BYTES).toString();
  } catch {
    return undefined;
  }
}
