import type { ConnectionSource } from '../postgres/connection-settings.ts';
import type { ResolvedEnvironment } from './environment.ts';

/** A connection string in one variable. */
export function sourceOfUrl(url: string, direct = 'DIRECT_URL'): ConnectionSource {
  return { url, host: url, port: url, user: url, password: url, params: url, direct };
}

/** The variables of the parts, by the names that the user has set. */
export function sourceOfParts(environment: ResolvedEnvironment): ConnectionSource {
  const host = nameAsSet(environment, 'DATABASE_HOST');
  return {
    url: host,
    host,
    port: nameAsSet(environment, 'DATABASE_PORT'),
    user: nameAsSet(environment, 'DATABASE_USER', 'DATABASE_USERNAME'),
    password: nameAsSet(environment, 'DATABASE_PASSWORD'),
    params: nameAsSet(environment, 'DATABASE_PARAMS', 'DATABASE_ARGS'),
    direct: directName(environment),
  };
}

/** The variable of the direct connection: the one that is set, or else the first that would be read. */
export function directName(environment: ResolvedEnvironment): string {
  const { variables, urlNames } = environment;
  const name = urlNames.direct.find((candidate) => candidate in variables) ?? urlNames.direct[0];
  return nameAsSet(environment, name ?? 'DIRECT_URL');
}

/** `NAME`, its other name if only that is set, or `NAME_FILE` if the value came from a file. */
export function nameAsSet(
  { variables, fromFiles }: ResolvedEnvironment,
  name: string,
  alias: string = name,
): string {
  const set = name in variables ? name : alias in variables ? alias : name;
  return Object.hasOwn(fromFiles, set) ? `${set}_FILE` : set;
}
