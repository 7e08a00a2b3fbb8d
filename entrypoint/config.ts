import { hostname } from 'node:os';
import { resolve } from 'node:path';
import * as z from 'zod/mini';
import { buildDatabaseUrl, parseDatabaseUrl } from './config/database-url.ts';
import { type Environment, readFiles } from './config/read-files.ts';
import { checkRequirement, parseRequirements, type RequiredVariable } from './config/required-env.ts';
import {
  VARIABLE_NAMES,
  VARIABLES,
  type Variable,
  type VariableName,
  type VariableValue,
} from './config/variables.ts';
import type { ConnectionSettings } from './lib/connection-settings.ts';
import { BootError, type Problem } from './lib/errors.ts';
import { nearest } from './lib/nearest.ts';

type Defaulted<Name extends VariableName> = (typeof VARIABLES)[Name] extends { readonly default: string }
  ? VariableValue<Name>
  : VariableValue<Name> | undefined;
type Values = { readonly [Name in VariableName]: Defaulted<Name> };

const SECRET_NAME = /(?:SECRET|PASSWORD|PASSWD|TOKEN|PRIVATE|CREDENTIAL|API_?KEY|_KEY$|DSN$)/i;

/** Everything the boot needs to know, typed. Durations are in milliseconds; an absent one is off. */
export interface Config {
  /** The folder of `entrypoint.js`, the server and its build. */
  readonly appDir: string;
  readonly build: { readonly serverFile: string; readonly prismaDir: string };
  readonly database: {
    /** The connection of everything here but the server. */
    readonly connection: ConnectionSettings;
    /** The same as a connection string, for tools that want one. Secret. */
    readonly url: string;
    /** The connection of the server, where it is another one. */
    readonly serverConnection: ConnectionSettings | undefined;
    readonly timeoutMs: number;
    readonly lockTimeoutMs: number;
  };
  readonly migrate: {
    readonly mode: 'deploy' | 'skip';
    readonly engine: 'embedded' | 'cli';
    readonly onError: 'abort' | 'continue';
    readonly retryFailed: boolean;
    readonly lockTimeoutMs: number | undefined;
    readonly statementTimeoutMs: number | undefined;
    readonly whenAhead: 'warn' | 'refuse';
  };
  readonly seed: {
    readonly mode: 'auto' | 'always' | 'never';
    readonly table: string | undefined;
    readonly command: string | undefined;
    readonly timeoutMs: number;
    readonly onError: 'abort' | 'continue';
  };
  readonly server: {
    readonly port: number;
    readonly hostname: string;
    readonly healthPath: string;
    readonly shutdownTimeoutMs: number | undefined;
    readonly handover: 'spawn' | 'exec' | 'auto';
  };
  /** The environment of the seed and the server. */
  readonly appEnv: NodeJS.ProcessEnv;
}

/** What must work even where the rest of the environment is wrong: how to log, and where to report a failure. */
export interface EarlySettings {
  readonly level: VariableValue<'LOG_LEVEL'>;
  readonly format: VariableValue<'LOG_FORMAT'>;
  readonly color: boolean;
  readonly port: number;
  readonly hostname: string;
  readonly healthPath: string;
  readonly bootProbe: boolean;
  readonly holdMs: number | undefined;
  readonly alertWebhook: string | undefined;
  readonly terminationLog: string;
}

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

export function readEarlySettings({ variables }: ResolvedEnvironment): EarlySettings {
  const values = readValues(variables, []);
  return {
    level: values.LOG_LEVEL,
    format: values.LOG_FORMAT,
    color: variables.NO_COLOR === undefined,
    port: values.PORT,
    hostname: bindAddress(values.HOSTNAME),
    healthPath: values.ENTRYPOINT_HEALTH_PATH,
    bootProbe: values.ENTRYPOINT_BOOT_PROBE === 'on',
    holdMs: unlessOff(values.ENTRYPOINT_HOLD),
    alertWebhook: values.ENTRYPOINT_ALERT_WEBHOOK,
    terminationLog: values.ENTRYPOINT_TERMINATION_LOG,
  };
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

/** Validates the whole environment; throws one `CONFIG_INVALID` with every problem there is. */
export function readConfig(environment: ResolvedEnvironment, appDir: string): Config {
  const { variables, requirements } = environment;
  const problems = [...environment.problems];
  const values = readValues(variables, problems);
  problems.push(...findMisspelt(variables));
  for (const required of requirements) {
    const unreadable = problems.some(({ what }) => what === `${required.name}_FILE`);
    const problem = unreadable ? undefined : checkRequirement(required, variables[required.name]);
    if (problem !== undefined) problems.push(problem);
  }
  const databaseUrl = readDatabaseUrl(values, problems);
  const serverConnection = readConnection('DATABASE_URL', databaseUrl, appDir, problems);
  const directConnection = readConnection('DIRECT_URL', values.DIRECT_URL, appDir, problems);
  const connection = directConnection ?? serverConnection;
  if (problems.length > 0 || connection === undefined || databaseUrl === undefined) {
    throw new BootError('CONFIG_INVALID', problems);
  }
  const hostnameToBind = bindAddress(values.HOSTNAME);
  return {
    appDir,
    build: { serverFile: values.ENTRYPOINT_SERVER, prismaDir: values.ENTRYPOINT_PRISMA_DIR },
    database: {
      connection,
      url: values.DIRECT_URL ?? databaseUrl,
      serverConnection: directConnection === undefined ? undefined : serverConnection,
      timeoutMs: values.ENTRYPOINT_DB_TIMEOUT,
      lockTimeoutMs: values.ENTRYPOINT_LOCK_TIMEOUT,
    },
    migrate: {
      mode: values.ENTRYPOINT_MIGRATE,
      engine: values.ENTRYPOINT_MIGRATE_ENGINE,
      onError: values.ENTRYPOINT_MIGRATE_ON_ERROR,
      retryFailed: values.ENTRYPOINT_MIGRATE_RETRY_FAILED === 'on',
      lockTimeoutMs: unlessOff(values.ENTRYPOINT_MIGRATE_LOCK_TIMEOUT),
      statementTimeoutMs: unlessOff(values.ENTRYPOINT_MIGRATE_STATEMENT_TIMEOUT),
      whenAhead: values.ENTRYPOINT_DATABASE_AHEAD,
    },
    seed: {
      mode: values.ENTRYPOINT_SEED,
      table: values.ENTRYPOINT_SEED_TABLE,
      command: values.ENTRYPOINT_SEED_COMMAND,
      timeoutMs: values.ENTRYPOINT_SEED_TIMEOUT,
      onError: values.ENTRYPOINT_SEED_ON_ERROR,
    },
    server: {
      port: values.PORT,
      hostname: hostnameToBind,
      healthPath: values.ENTRYPOINT_HEALTH_PATH,
      shutdownTimeoutMs: values.ENTRYPOINT_SHUTDOWN_TIMEOUT,
      handover: values.ENTRYPOINT_HANDOVER,
    },
    appEnv: {
      ...variables,
      DATABASE_URL: withLibpqMeaning(databaseUrl),
      PORT: String(values.PORT),
      HOSTNAME: hostnameToBind,
      NODE_ENV: values.NODE_ENV,
    },
  };
}

/** Each known variable as its schema reads it; one that is malformed becomes a problem and falls back. */
function readValues(variables: Readonly<Record<string, string>>, problems: Problem[]): Values {
  const values: Record<string, unknown> = {};
  for (const name of VARIABLE_NAMES) {
    const variable: Variable = VARIABLES[name];
    const parse = (text: string | undefined) => z.optional(variable.schema).safeParse(text);
    const given = parse(variables[name] ?? variable.default);
    if (!given.success) {
      problems.push({
        what: name,
        expected: variable.expected,
        got: variable.secret ? `a ${variables[name]?.length}-character value` : `\`${variables[name]}\``,
        action:
          variable.default === undefined
            ? 'Correct it or unset it.'
            : `Correct it, or unset it for ${variable.default}.`,
      });
    }
    values[name] = given.success ? given.data : parse(variable.default).data;
  }
  return values as unknown as Values;
}

function findMisspelt(variables: Readonly<Record<string, string>>): Problem[] {
  const unknown = Object.keys(variables).filter(
    (name) => name.startsWith('ENTRYPOINT_') && !isVariableName(name.replace(/_FILE$/, '')),
  );
  return unknown.map((name) => {
    const suggestion = nearest(name, VARIABLE_NAMES);
    return {
      what: name,
      expected: 'a variable that Zarpe knows',
      got: 'an unknown name',
      action:
        suggestion === undefined ? 'Remove it; `explain` lists them all.' : `Did you mean ${suggestion}?`,
    };
  });
}

/** `DATABASE_URL`, or one assembled from its parts. */
function readDatabaseUrl(values: Values, problems: Problem[]): string | undefined {
  const { DATABASE_URL: url, DATABASE_HOST: host, DATABASE_USER: user, DATABASE_NAME: name } = values;
  const parts = { DATABASE_HOST: host, DATABASE_USER: user, DATABASE_NAME: name };
  const given = Object.entries({ ...parts, DATABASE_PASSWORD: values.DATABASE_PASSWORD }).filter(
    ([, value]) => value !== undefined,
  );
  if (url !== undefined && given.length === 0) return url;
  const what = given.length === 0 ? 'DATABASE_URL' : given.map(([part]) => part).join(', ');
  if (url !== undefined) {
    problems.push({
      what: `DATABASE_URL, ${what}`,
      expected: 'a connection string or its parts',
      got: 'both',
      action: 'Unset DATABASE_URL or the parts.',
    });
    return undefined;
  }
  if (host === undefined || user === undefined || name === undefined) {
    const missing = Object.keys(parts).filter((part) => parts[part as keyof typeof parts] === undefined);
    problems.push(
      given.length === 0
        ? {
            what,
            expected: VARIABLES.DATABASE_URL.expected,
            got: 'nothing',
            action: 'Set DATABASE_URL, or DATABASE_HOST, DATABASE_USER, DATABASE_PASSWORD and DATABASE_NAME.',
          }
        : {
            what: missing.join(', '),
            expected: 'all parts of the connection',
            got: 'nothing',
            action: `Set ${missing.join(' and ')}.`,
          },
    );
    return undefined;
  }
  return buildDatabaseUrl({
    host,
    user,
    name,
    port: String(values.DATABASE_PORT),
    password: values.DATABASE_PASSWORD,
    params: values.DATABASE_PARAMS,
  });
}

function readConnection(source: string, url: string | undefined, appDir: string, problems: Problem[]) {
  if (url === undefined) return undefined;
  const parsed = parseDatabaseUrl(source, url, resolve(appDir));
  if ('value' in parsed) return parsed.value;
  problems.push(parsed.problem);
  return undefined;
}

/** Docker sets `HOSTNAME` to the container's id, and Kubernetes to the pod's name: neither is meant as an address. */
function bindAddress(value: string): string {
  return value === hostname() ? (VARIABLES.HOSTNAME.default ?? value) : value;
}

function unlessOff(value: number | 'off'): number | undefined {
  return value === 'off' ? undefined : value;
}

function isVariableName(name: string): name is VariableName {
  return Object.hasOwn(VARIABLES, name);
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

/**
 * node-postgres reads `sslmode=require` as `verify-full` unless it is told to read it as libpq and Prisma do; the app
 * is to connect as we did.
 * @see https://github.com/brianc/node-postgres/tree/master/packages/pg-connection-string#ssl
 */
function withLibpqMeaning(databaseUrl: string): string {
  const parameters = new URL(databaseUrl).searchParams;
  const differs = parameters.get('sslmode') === 'require' && parameters.get('sslaccept') !== 'strict';
  return differs && !parameters.has('uselibpqcompat') ? `${databaseUrl}&uselibpqcompat=true` : databaseUrl;
}
