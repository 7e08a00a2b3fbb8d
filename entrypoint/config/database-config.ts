import { resolve } from 'node:path';
import type { SettingProblem } from '../core/errors.ts';
import type { ConnectionSettings } from '../postgres/connection-settings.ts';
import type { AppConnection } from '../postgres/driver-url.ts';
import { directName, sourceOfUrl } from './connection-source.ts';
import { parseDatabaseUrl } from './database-url.ts';
import type { ResolvedEnvironment } from './environment.ts';
import { type FoundUrl, findDatabaseUrl } from './find-database-url.ts';
import { checkSslMode } from './ssl-mode-of-environment.ts';
import type { Values } from './values.ts';
import type { VariableName } from './variables.ts';

const DATABASE_VARIABLES: readonly string[] = [
  'DATABASE_URL',
  'DATABASE_HOST',
  'DATABASE_PORT',
  'DATABASE_USER',
  'DATABASE_USERNAME',
  'DATABASE_PASSWORD',
  'DATABASE_NAME',
  'DATABASE_PARAMS',
  'DATABASE_ARGS',
  'DIRECT_URL',
] satisfies VariableName[];

export interface DatabaseConfig {
  /** The connection that everything except the server uses. */
  readonly connection: ConnectionSettings;
  /** The same as a connection string, for tools that need one. Secret. */
  readonly url: string;
  /** The connection of the server, if there is a direct one beside it. */
  readonly serverConnection: ConnectionSettings | undefined;
  /** The connection strings of the seed and the server, as they were set. */
  readonly ofApp: readonly AppConnection[];
  /** Whether the boot goes on if the connection fails. */
  readonly isOptional: boolean;
  readonly timeoutMs: number;
  /** The oldest major version of PostgreSQL that the app works with. */
  readonly minVersion: number | undefined;
  readonly lockTimeoutMs: number;
}

/** Whether a variable, or the file of its value, describes the database. */
export function isDatabaseVariable(variable: string, { urlNames }: ResolvedEnvironment): boolean {
  const name = variable.replace(/_FILE$/, '');
  return [DATABASE_VARIABLES, urlNames.server, urlNames.direct, urlNames.further].some((names) =>
    names.includes(name),
  );
}

/** The connections of Zarpe and the app; undefined after adding a problem. */
export function readDatabase(
  environment: ResolvedEnvironment,
  values: Values,
  appDir: string,
  problems: SettingProblem[],
): DatabaseConfig | undefined {
  const read = (found: FoundUrl | undefined) =>
    found === undefined ? undefined : readConnection(found, environment, appDir, problems);
  const server = read(findDatabaseUrl(environment, values, appDir, problems));
  const direct = read(findDirectUrl(environment));
  if (server === undefined) return undefined;
  return withSettings(server, direct, values);
}

/** A database as it is connected to: directly where there is a direct connection. */
export function withSettings(
  server: AppConnection,
  direct: AppConnection | undefined,
  values: Values,
): DatabaseConfig {
  const { settings, url } = direct ?? server;
  return {
    connection: settings,
    url,
    serverConnection: direct === undefined ? undefined : server.settings,
    ofApp: direct === undefined ? [server] : [server, direct],
    isOptional: values.ENTRYPOINT_DATABASE === 'optional',
    timeoutMs: values.ENTRYPOINT_DB_TIMEOUT,
    minVersion: values.ENTRYPOINT_DATABASE_MIN_VERSION,
    lockTimeoutMs: values.ENTRYPOINT_LOCK_TIMEOUT,
  };
}

function findDirectUrl(environment: ResolvedEnvironment): FoundUrl | undefined {
  const { variables, urlNames } = environment;
  const name = urlNames.direct.find((candidate) => candidate in variables);
  const url = name === undefined ? undefined : variables[name];
  if (name === undefined || url === undefined) return undefined;
  const direct = directName(environment);
  return { url, variables: [name], source: sourceOfUrl(direct, direct) };
}

/**
 * A connection string with its settings; undefined after adding a problem. All parsers remove the line break that many a
 * Secret of Kubernetes ends with.
 */
export function readConnection(
  { url: text, variables, source }: FoundUrl,
  environment: ResolvedEnvironment,
  appDir: string,
  problems: SettingProblem[],
): AppConnection | undefined {
  const url = text.replace(/[\r\n]+$/, '');
  const parsed = parseDatabaseUrl(source, url, resolve(appDir));
  if ('problem' in parsed) {
    problems.push(parsed.problem);
    return undefined;
  }
  const connection = { variables, url, settings: parsed.value };
  problems.push(...checkSslMode(connection, environment.variables.PGSSLMODE));
  return connection;
}
