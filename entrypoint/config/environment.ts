import { hostname } from 'node:os';
import type { SettingProblem } from '../core/errors.ts';
import { namesOfFurther } from './config-file/databases-section.ts';
import type { Sections } from './config-file/sections.ts';
import { type ConfigFile, NO_CONFIG_FILE } from './config-file.ts';
import { chooseTemplates, type Templates, withLater } from './derived-variables.ts';
import { type Environment, isSet, readFiles } from './read-files.ts';
import { parseRequirements, type RequiredVariable } from './required-env.ts';
import { namesOf } from './runtime-values.ts';
import { withoutServiceLinks } from './service-links.ts';
import { findUnusedDirectUrl, namesMadeOfOthers, parseUrlNames, type UrlNames } from './url-names.ts';
import { VARIABLE_NAMES, type VariableName } from './variables.ts';

const IN_QUOTES = /^(["'])(.+)\1$/s;

/** The environment after the `NAME_FILE` files and `zarpe.config.json` were read, with the problems for `readConfig` to report. */
export interface ResolvedEnvironment {
  /** As this process received it. */
  readonly given: Environment;
  /** The values of the `NAME_FILE` files, for the variables of Zarpe and those that its lists name. */
  readonly fromFiles: Readonly<Record<string, string>>;
  /** The values of `zarpe.config.json`, for the variables that the environment does not set. */
  readonly fromConfig: Readonly<Record<string, string>>;
  /** What `zarpe.config.json` says beside the values of variables. */
  readonly sections: Sections;
  /** The app's variables that `zarpe.config.json` makes of others. */
  readonly derived: Readonly<Record<string, string>>;
  /** Their texts, to be expanded again once the connection strings are known. */
  readonly templates: Templates;
  /** All of them, without empty variables, which count as unset. */
  readonly variables: Readonly<Record<string, string>>;
  readonly requirements: readonly RequiredVariable[];
  readonly urlNames: UrlNames;
  readonly problems: readonly SettingProblem[];
  /** Messages about values that were changed, for example by removing a byte order mark, or that are not used. */
  readonly notices: readonly string[];
}

export function resolveEnvironment(
  given: Environment,
  file: ConfigFile = NO_CONFIG_FILE,
): ResolvedEnvironment {
  const env = withoutServiceLinks(given);
  const problems = [...file.problems];
  const notices: string[] = [];
  const fromConfig = Object.fromEntries(Object.entries(file.values).filter(([name]) => !isGiven(name, env)));
  const requirements = parseRequirements(readList('ENTRYPOINT_REQUIRE_ENV', env, fromConfig) ?? '', problems);
  const urlNames = {
    server: readUrlNames('ENTRYPOINT_DATABASE_URL_FROM', env, fromConfig),
    direct: readUrlNames('ENTRYPOINT_DIRECT_URL_FROM', env, fromConfig),
    further: namesOfFurther(file.sections.databases),
  };
  const known = new Set<string>([
    ...VARIABLE_NAMES,
    ...requirements.map(({ name }) => name),
    ...urlNames.server,
    ...urlNames.direct,
    ...urlNames.further,
    ...namesOf(file.sections.runtimeValues),
  ]);
  const fromFiles = readFiles(env, known, problems, notices);
  // A list may name `valueOf`, which only an object without a prototype lacks.
  const variables: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(env)) {
    if (isSet(value)) variables[name] = known.has(name) ? withoutQuotes(name, value, problems) : value;
  }
  Object.assign(variables, fromFiles, fromConfig);
  const connections = ['DATABASE_URL', 'DIRECT_URL', ...Object.values(urlNames).flat()];
  const made = namesMadeOfOthers(urlNames, variables);
  const section = file.sections.variables ?? {};
  const templates = chooseTemplates(section, { variables, connections }, problems);
  const derived = templates.expand(withLater(variables, made), problems);
  Object.assign(variables, derived);
  const unused = findUnusedDirectUrl(urlNames, variables);
  if (unused !== undefined) notices.push(unused);
  return {
    given,
    fromFiles,
    fromConfig,
    sections: file.sections,
    derived,
    templates,
    variables,
    requirements,
    urlNames,
    problems,
    notices,
  };
}

/** Docker sets HOSTNAME in every container: only another one is meant. */
function isGiven(name: string, env: Environment): boolean {
  if (name === 'HOSTNAME' && env[name] === hostname()) return isSet(env.HOSTNAME_FILE);
  return isSet(env[name]) || isSet(env[`${name}_FILE`]);
}

function readUrlNames(
  list: Parameters<typeof parseUrlNames>[0],
  env: Environment,
  fromConfig: Readonly<Record<string, string>>,
): readonly string[] {
  return parseUrlNames(list, readList(list, env, fromConfig));
}

/** Read first, because it names other variables. Its problems are collected later, with all others. */
function readList(
  list: VariableName,
  env: Environment,
  fromConfig: Readonly<Record<string, string>>,
): string | undefined {
  const value = env[list];
  if (isSet(value)) return withoutQuotes(list, value, []);
  const file = `${list}_FILE`;
  return readFiles({ [file]: env[file] }, new Set([list]), [], [])[list] ?? fromConfig[list];
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
