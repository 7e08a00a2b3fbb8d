import type { SettingProblem } from '../core/errors.ts';
import { withoutQuotes } from './quoted-value.ts';
import { type Environment, isSet, readFiles } from './read-files.ts';
import { parseRequirements, type RequiredVariable } from './required-env.ts';
import { VARIABLE_NAMES } from './variables.ts';

/** The environment after the `NAME_FILE` files were read, with the problems for `readConfig` to report. */
export interface ResolvedEnvironment {
  /** As this process received it. */
  readonly given: Environment;
  /** The values of the `NAME_FILE` files, for the variables of Zarpe and of `ENTRYPOINT_REQUIRE_ENV`. */
  readonly fromFiles: Readonly<Record<string, string>>;
  /** Both, without empty variables, which count as unset. */
  readonly variables: Readonly<Record<string, string>>;
  readonly requirements: readonly RequiredVariable[];
  readonly problems: readonly SettingProblem[];
  /** Messages about values that were changed, for example by removing a byte order mark. */
  readonly notices: readonly string[];
}

export function resolveEnvironment(env: Environment): ResolvedEnvironment {
  const problems: SettingProblem[] = [];
  const notices: string[] = [];
  const requirements = parseRequirements(readRequirements(env), problems);
  const known = new Set<string>([...VARIABLE_NAMES, ...requirements.map(({ name }) => name)]);
  const fromFiles = readFiles(env, known, problems, notices);
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (isSet(value)) variables[name] = known.has(name) ? withoutQuotes(name, value, problems) : value;
  }
  return {
    given: env,
    fromFiles,
    variables: { ...variables, ...fromFiles },
    requirements,
    problems,
    notices,
  };
}

/** Read first, because it names other variables. Its problems are collected later, with all others. */
function readRequirements(env: Environment): string {
  const { ENTRYPOINT_REQUIRE_ENV: value, ENTRYPOINT_REQUIRE_ENV_FILE } = env;
  if (isSet(value)) return withoutQuotes('ENTRYPOINT_REQUIRE_ENV', value, []);
  const own = { ENTRYPOINT_REQUIRE_ENV_FILE };
  return readFiles(own, new Set(['ENTRYPOINT_REQUIRE_ENV']), [], []).ENTRYPOINT_REQUIRE_ENV ?? '';
}
