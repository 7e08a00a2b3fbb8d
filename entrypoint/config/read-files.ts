import { readFileSync } from 'node:fs';
import type { Problem } from '../lib/errors.ts';

const DOCKER_SECRETS = '/run/secrets/';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment with every `NAME_FILE` of a known name replaced by `NAME`, read from that file (one trailing line
 * break is not part of it). A `NAME_FILE` of any other name is read where its file is a Docker secret.
 */
export function readFiles(
  env: Environment,
  known: ReadonlySet<string>,
  problems: Problem[],
): Record<string, string> {
  const resolved: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && value !== '') resolved[name] = value;
  }
  for (const [variable, path] of Object.entries(resolved)) {
    if (!variable.endsWith('_FILE')) continue;
    const name = variable.slice(0, -'_FILE'.length);
    if (!known.has(name) && !path.startsWith(DOCKER_SECRETS)) continue;
    if (env[name] !== undefined && env[name] !== '') {
      problems.push({
        what: variable,
        expected: `either ${name} or ${variable}`,
        got: 'both',
        action: 'Unset one of them.',
      });
      continue;
    }
    const content = readSecret(variable, path, problems);
    if (content !== undefined && content !== '') resolved[name] = content;
    delete resolved[variable];
  }
  return resolved;
}

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
