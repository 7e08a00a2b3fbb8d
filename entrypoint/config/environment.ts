import type { SettingProblem } from '../core/errors.ts';
import { withoutQuotes } from './quoted-value.ts';
import { type Environment, isSet, readFiles } from './read-files.ts';
import { parseRequirements, type RequiredVariable } from './required-env.ts';
import { VARIABLE_NAMES } from './variables.ts';

/** The environment once files were read; what could not be read is kept for `readConfig`. */
export interface ResolvedEnvironment {
  /** As it was given to this process. */
  readonly given: Environment;
  /** The values of `NAME_FILE`, for each name that Zarpe or `ENTRYPOINT_REQUIRE_ENV` knows. */
  readonly fromFiles: Readonly<Record<string, string>>;
  /** What Zarpe reads: both, without what is empty, which counts as unset. */
  readonly variables: Readonly<Record<string, string>>;
  readonly requirements: readonly RequiredVariable[];
  readonly problems: readonly SettingProblem[];
  /** What was read otherwise than it was written. */
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

/** Read ahead of the rest, which it names; what is wrong with it is told when all of the environment is read. */
function readRequirements(env: Environment): string {
  const { ENTRYPOINT_REQUIRE_ENV: value, ENTRYPOINT_REQUIRE_ENV_FILE } = env;
  if (isSet(value)) return withoutQuotes('ENTRYPOINT_REQUIRE_ENV', value, []);
  const own = { ENTRYPOINT_REQUIRE_ENV_FILE };
  return readFiles(own, new Set(['ENTRYPOINT_REQUIRE_ENV']), [], []).ENTRYPOINT_REQUIRE_ENV ?? '';
}
