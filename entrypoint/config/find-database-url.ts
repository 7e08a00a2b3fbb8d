import type { SettingProblem } from '../core/errors.ts';
import type { ConnectionSource } from '../postgres/connection-settings.ts';
import { buildDatabaseUrl } from './build-database-url.ts';
import { checkHost } from './check-host.ts';
import { directName, nameAsSet, sourceOfParts, sourceOfUrl } from './connection-source.ts';
import type { ResolvedEnvironment } from './environment.ts';
import { isSet } from './read-files.ts';
import { suggestUrlNames } from './suggest-url-names.ts';
import type { Values } from './values.ts';
import { VARIABLES } from './variables.ts';

/** A connection string, the variables that the app gets it in, and those that it was read from. */
export interface FoundUrl {
  readonly url: string;
  readonly variables: readonly string[];
  readonly source: ConnectionSource;
}

/** The connection string of the app, or one built from the variables of its parts; undefined after adding a problem. */
export function findDatabaseUrl(
  environment: ResolvedEnvironment,
  values: Values,
  appDir: string,
  problems: SettingProblem[],
): FoundUrl | undefined {
  const { variables, urlNames } = environment;
  const parts = readParts(values, problems);
  const set = Object.keys(parts).filter((name) => isSet(parts[name as keyof typeof parts]));
  const given = urlNames.server.find((name) => name in variables);
  const url = given === undefined ? undefined : variables[given];
  if (given !== undefined && url !== undefined && set.length === 0) {
    // Also what the app reads, where it is not told otherwise.
    return {
      url,
      variables: values.DATABASE_URL === undefined ? [given, 'DATABASE_URL'] : [given],
      source: sourceOfUrl(nameAsSet(environment, given), directName(environment)),
    };
  }
  const other = given ?? (values.DATABASE_URL === undefined ? undefined : 'DATABASE_URL');
  if (other !== undefined && set.length > 0) {
    problems.push({
      what: [other, ...set].join(', '),
      expected: `either ${other} or the variables of its parts`,
      got: 'both',
      hint: `Remove ${other} or the other variables.`,
    });
    return undefined;
  }
  if (set.length === 0) {
    problems.push({
      what: urlNames.server.join(', '),
      expected: VARIABLES.DATABASE_URL.expected,
      got: 'nothing',
      hint: suggestUrlNames(environment, values, appDir),
    });
    return undefined;
  }
  const built = buildUrl(parts, values.DATABASE_PORT, problems);
  if (built === undefined) return undefined;
  const others = urlNames.server.filter((name) => name !== 'DATABASE_URL');
  return { url: built, variables: ['DATABASE_URL', ...others], source: sourceOfParts(environment) };
}

type Parts = Record<
  'DATABASE_HOST' | 'DATABASE_USER' | 'DATABASE_NAME' | 'DATABASE_PASSWORD' | 'DATABASE_PARAMS',
  string | undefined
>;

function readParts(values: Values, problems: SettingProblem[]): Parts {
  const either = <Name extends keyof Parts>(name: Name, alias: 'DATABASE_USERNAME' | 'DATABASE_ARGS') => {
    const [value, other] = [values[name], values[alias]];
    if (isSet(value) && isSet(other) && value !== other) {
      problems.push({
        what: `${name}, ${alias}`,
        expected: `one of them: ${alias} is another name for ${name}`,
        got: 'both, with different values',
        hint: 'Remove one of them.',
      });
    }
    return value ?? other;
  };
  return {
    DATABASE_HOST: values.DATABASE_HOST,
    DATABASE_USER: either('DATABASE_USER', 'DATABASE_USERNAME'),
    DATABASE_NAME: values.DATABASE_NAME,
    DATABASE_PASSWORD: values.DATABASE_PASSWORD,
    DATABASE_PARAMS: either('DATABASE_PARAMS', 'DATABASE_ARGS'),
  };
}

function buildUrl(parts: Parts, port: number, problems: SettingProblem[]): string | undefined {
  const { DATABASE_HOST: host, DATABASE_USER: user, DATABASE_NAME: name } = parts;
  const { DATABASE_PASSWORD: password, DATABASE_PARAMS: params } = parts;
  if (host !== undefined && user !== undefined && name !== undefined) {
    const problem = checkHost(host);
    if (problem === undefined)
      return buildDatabaseUrl({ host, user, name, port: String(port), password, params });
    problems.push(problem);
    return undefined;
  }
  const required = { DATABASE_HOST: host, DATABASE_USER: user, DATABASE_NAME: name };
  const missing = Object.entries(required).flatMap(([part, value]) => (isSet(value) ? [] : [part]));
  problems.push({
    what: missing.join(', '),
    expected: 'every part of the connection',
    got: 'nothing',
    hint: `Set ${missing.join(' and ')}.`,
  });
  return undefined;
}
