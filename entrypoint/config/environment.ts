import type { Problem } from '../lib/errors.ts';
import { type Environment, readFiles } from './read-files.ts';
import { parseRequirements, type RequiredVariable } from './required-env.ts';
import { isVariableName } from './values.ts';
import { VARIABLE_NAMES, VARIABLES, type Variable } from './variables.ts';

const SECRET_NAME = /(?:SECRET|PASSWORD|PASSWD|TOKEN|PRIVATE|CREDENTIAL|API_?KEY|_KEY$|DSN$)/i;

/** The environment once files were read: empty means unset, and what could not be read is kept for `readConfig`. */
export interface ResolvedEnvironment {
  readonly variables: Readonly<Record<string, string>>;
  readonly requirements: readonly RequiredVariable[];
  readonly problems: readonly Problem[];
}

export function resolveEnvironment(env: Environment): ResolvedEnvironment {
  const problems: Problem[] = [];
  const requirements = parseRequirements(env.ENTRYPOINT_REQUIRE_ENV ?? '', problems);
  const known = new Set<string>([...VARIABLE_NAMES, ...requirements.map(({ name }) => name)]);
  return { variables: readFiles(env, known, problems), requirements, problems };
}

/** Every value that must not be printed: what Zarpe knows to be secret, and what its name says is. */
export function collectSecrets({ variables, requirements }: ResolvedEnvironment): string[] {
  const required = new Set(requirements.filter(({ kind }) => kind === undefined).map(({ name }) => name));
  const secrets: string[] = [];
  for (const [name, value] of Object.entries(variables)) {
    const variable: Variable | undefined = isVariableName(name) ? VARIABLES[name] : undefined;
    if (variable?.secret === true || required.has(name) || SECRET_NAME.test(name)) secrets.push(value);
    secrets.push(...passwordsOf(value));
  }
  return secrets;
}

function passwordsOf(value: string): string[] {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) return [];
  const password = /^[^:]+:\/\/[^:@/]*:(.*)@/s.exec(value)?.[1];
  if (password === undefined) return [];
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password];
  }
}
