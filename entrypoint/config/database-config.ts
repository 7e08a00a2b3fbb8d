import { dirname, resolve } from 'node:path';
import type { SettingProblem } from '../core/errors.ts';
import type { ConnectionSettings } from '../postgres/connection-settings.ts';
import type { AppConnection } from '../postgres/driver-url.ts';
import { buildDatabaseUrl } from './build-database-url.ts';
import { parseDatabaseUrl } from './database-url.ts';
import { describeEnvFiles } from './env-files.ts';
import { isSet } from './read-files.ts';
import type { Values } from './values.ts';
import { VARIABLES, type VariableName } from './variables.ts';

const DATABASE_VARIABLES: readonly string[] = [
  'DATABASE_URL',
  'DATABASE_HOST',
  'DATABASE_PORT',
  'DATABASE_USER',
  'DATABASE_PASSWORD',
  'DATABASE_NAME',
  'DATABASE_PARAMS',
  'DIRECT_URL',
] satisfies VariableName[];

export interface DatabaseConfig {
  /** The connection that everything except the server uses. */
  readonly connection: ConnectionSettings;
  /** The same as a connection string, for tools that need one. Secret. */
  readonly url: string;
  /** The connection of the server, if `DIRECT_URL` makes it another one. */
  readonly serverConnection: ConnectionSettings | undefined;
  /** The connection strings of the seed and the server, as they were set. */
  readonly ofApp: readonly AppConnection[];
  readonly timeoutMs: number;
  readonly lockTimeoutMs: number;
}

/** Whether a variable, or the file of its value, describes the database. */
export function isDatabaseVariable(name: string): boolean {
  return DATABASE_VARIABLES.includes(name.replace(/_FILE$/, ''));
}

/** The connections of Zarpe and the app; undefined after adding a problem. */
export function readDatabase(
  values: Values,
  appDir: string,
  problems: SettingProblem[],
): DatabaseConfig | undefined {
  const { DIRECT_URL: directUrl } = values;
  const url = readDatabaseUrl(values, appDir, problems);
  const connection = readConnection('DATABASE_URL', url, appDir, problems);
  const direct = readConnection('DIRECT_URL', directUrl, appDir, problems);
  if (url === undefined || connection === undefined) return undefined;
  const ofApp: AppConnection[] = [{ variable: 'DATABASE_URL', url, settings: connection }];
  if (directUrl !== undefined && direct !== undefined) {
    ofApp.push({ variable: 'DIRECT_URL', url: directUrl, settings: direct });
  }
  return {
    connection: direct ?? connection,
    url: directUrl ?? url,
    serverConnection: direct === undefined ? undefined : connection,
    ofApp,
    timeoutMs: values.ENTRYPOINT_DB_TIMEOUT,
    lockTimeoutMs: values.ENTRYPOINT_LOCK_TIMEOUT,
  };
}

/** `DATABASE_URL`, or one built from the other `DATABASE_` variables. */
function readDatabaseUrl(values: Values, appDir: string, problems: SettingProblem[]): string | undefined {
  const { DATABASE_URL: url, DATABASE_HOST: host, DATABASE_USER: user, DATABASE_NAME: name } = values;
  const { DATABASE_PASSWORD: password, DATABASE_PARAMS: params } = values;
  const required = { DATABASE_HOST: host, DATABASE_USER: user, DATABASE_NAME: name };
  const set = namesOf({ ...required, DATABASE_PASSWORD: password, DATABASE_PARAMS: params }, isSet);
  if (url !== undefined && set.length === 0) return url;
  if (url === undefined && host !== undefined && user !== undefined && name !== undefined) {
    return buildDatabaseUrl({ host, user, name, port: String(values.DATABASE_PORT), password, params });
  }
  if (url !== undefined) {
    problems.push({
      what: ['DATABASE_URL', ...set].join(', '),
      expected: 'either DATABASE_URL or the variables of its parts',
      got: 'both',
      hint: 'Remove DATABASE_URL or the other variables.',
    });
  } else if (set.length === 0) {
    const serverDir = dirname(resolve(appDir, values.ENTRYPOINT_SERVER));
    const hint = 'Set DATABASE_URL, or DATABASE_HOST, DATABASE_USER, DATABASE_PASSWORD and DATABASE_NAME.';
    problems.push({
      what: 'DATABASE_URL',
      expected: VARIABLES.DATABASE_URL.expected,
      got: 'nothing',
      hint: [hint, describeEnvFiles(serverDir) ?? ''].join(' ').trimEnd(),
    });
  } else {
    const missing = namesOf(required, (value) => !isSet(value));
    problems.push({
      what: missing.join(', '),
      expected: 'every part of the connection',
      got: 'nothing',
      hint: `Set ${missing.join(' and ')}.`,
    });
  }
  return undefined;
}

function namesOf(
  variables: Readonly<Record<string, string | undefined>>,
  test: (value: string | undefined) => boolean,
): string[] {
  return Object.keys(variables).filter((name) => test(variables[name]));
}

function readConnection(
  source: string,
  url: string | undefined,
  appDir: string,
  problems: SettingProblem[],
): ConnectionSettings | undefined {
  if (url === undefined) return undefined;
  const parsed = parseDatabaseUrl(source, url, resolve(appDir));
  if ('value' in parsed) return parsed.value;
  problems.push(parsed.problem);
  return undefined;
}
