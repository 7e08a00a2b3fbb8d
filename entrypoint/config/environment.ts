import type { SettingProblem } from '../core/errors.ts';
import { type Environment, isSet, readFiles } from './read-files.ts';
import { parseRequirements, type RequiredVariable } from './required-env.ts';
import { findUnusedDirectUrl, parseUrlNames, type UrlNames } from './url-names.ts';
import { VARIABLE_NAMES, type VariableName } from './variables.ts';

const IN_QUOTES = /^(["'])(.+)\1$/s;

/** The environment after the `NAME_FILE` files were read, with the problems for `readConfig` to report. */
export interface ResolvedEnvironment {
  /** As this process received it. */
  readonly given: Environment;
  /** The values of the `NAME_FILE` files, for the variables of Zarpe and those that its lists name. */
  readonly fromFiles: Readonly<Record<string, string>>;
  /** Both, without empty variables, which count as unset. */
  readonly variables: Readonly<Record<string, string>>;
  readonly requirements: readonly RequiredVariable[];
  readonly urlNames: UrlNames;
  readonly problems: readonly SettingProblem[];
  /** Messages about values that were changed, for example by removing a byte order mark, or that are not used. */
  readonly notices: readonly string[];
}

export function resolveEnvironment(env: Environment): ResolvedEnvironment {
  const problems: SettingProblem[] = [];
  const notices: string[] = [];
  const requirements = parseRequirements(readList('ENTRYPOINT_REQUIRE_ENV', env) ?? '', problems);
  const urlNames = {
    server: readUrlNames('ENTRYPOINT_DATABASE_URL_FROM', env),
    direct: readUrlNames('ENTRYPOINT_DIRECT_URL_FROM', env),
  };
  const known = new Set<string>([
    ...VARIABLE_NAMES,
    ...requirements.map(({ name }) => name),
    ...urlNames.server,
    ...urlNames.direct,
  ]);
  const fromFiles = readFiles(env, known, problems, notices);
  // A list may name `valueOf`, which only an object without a prototype lacks.
  const variables: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(env)) {
    if (isSet(value)) variables[name] = known.has(name) ? withoutQuotes(name, value, problems) : value;
  }
  Object.assign(variables, fromFiles);
  const unused = findUnusedDirectUrl(urlNames, variables);
  if (unused !== undefined) notices.push(unused);
  return { given: env, fromFiles, variables, requirements, urlNames, problems, notices };
}

function readUrlNames(list: Parameters<typeof parseUrlNames>[0], env: Environment): readonly string[] {
  return parseUrlNames(list, readList(list, env));
}

/** Read first, because it names other variables. Its problems are collected later, with all others. */
function readList(list: VariableName, env: Environment): string | undefined {
  const value = env[list];
  if (isSet(value)) return withoutQuotes(list, value, []);
  const file = `${list}_FILE`;
  return readFiles({ [file]: env[file] }, new Set([list]), [], [])[list];
}

/**
 * The value without the quotes around it, which a shell would have removed, so that its other problems are found too;
 * the quotes become a problem. A command whose first and last words are quoted is left unchanged.
 */
function withoutQuotes(name: string, value: string, problems: SettingProblem[]): string {
  const [, quote = '', inner = ''] = IN_QUOTES.exec(value) ?? [];
  if (inner === '' || inner.includes(quote)) return value;
  problems.push({
    what: name,
    expected: 'a value without surrounding quotes',
    got: `a value in ${quote === '"' ? 'double' : 'single'} quotes`,
    hint: `Remove the quotes: \`docker run --env-file\` keeps them as part of the value. If the value needs them, put it in a file and set ${name}_FILE.`,
  });
  return inner;
}
